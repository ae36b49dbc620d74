"""From candidate to immutable tag: the one step that says "built and tested"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.planning.plan import reference
from image_matrix.planning.registry_locations import CANDIDATE
from image_matrix.registry.answers import CHECK, Absent, Denied, Digest, Unreachable, words
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from image_matrix.config.model import Platform
    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry

BUILD = "image-matrix build --push --candidate"
"""What pushes a candidate."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a build has pushed for one variant and platform."""

    variant: str
    image: str
    immutable: str
    """Full reference of the tag that it is to get."""
    digest: str

    @property
    def reference(self) -> str:
        """Repository and digest."""
        return parse_reference(self.immutable).at(self.digest)


def repository(state: State, variant: str) -> str:
    """Return where a variant's images are."""
    return f"{state.loaded.matrix.registry}/{state.loaded.variants[variant].image}"


def belongs(state: State, variant: str, image: str) -> bool:
    """Say whether a reference by digest is in a variant's repository."""
    named, place = parse_reference(image), parse_reference(repository(state, variant))
    return named.name == place.name and re.fullmatch(r"sha256:[0-9a-f]{64}", named.digest or "") is not None


def candidate(
    state: State, variant: str, platform: Platform, registry: Registry, image: str | None = None
) -> Candidate:
    """Return the candidate: ``image`` (repository and digest) where it is given, else what the candidate tag points to.

    Where nothing was built it is the accepted image. Raises :class:`Failure` without either, and
    :class:`EnvironmentFailure` where the registry gives no answer, or refuses one: a candidate may be there.
    """
    item = state.loaded.variants[variant]
    immutable = reference(state, item, platform)
    if image and (digest := parse_reference(image).digest):
        return Candidate(variant, item.image, immutable, digest)
    for name in (f"{immutable}{CANDIDATE}", immutable):
        answer = registry.digest(name)
        if isinstance(answer, Digest):
            return Candidate(variant, item.image, immutable, answer.digest)
        if not isinstance(answer, Absent):
            raise EnvironmentFailure(f"{variant} ({platform}): {words(answer)}", _remedy(answer))
    raise Failure(f"{variant} ({platform}): {words(Absent())}", f"run `{BUILD}` first")


def _remedy(answer: Denied | Unreachable) -> str:
    """Return what helps; GHCR refuses so for a package that does not exist yet, too."""
    return (
        answer.remedy
        if isinstance(answer, Unreachable)
        else f"{CHECK}; run `{BUILD}` if nothing was pushed yet"
    )


def over_budget(size: int, limit: int | None) -> str | None:
    """Return what is wrong with an image's size, in words."""
    if limit is None or size <= limit:
        return None
    return f"{size / 1e6:.1f} MB compressed, and `max_size` allows {limit / 1e6:.1f} MB"
