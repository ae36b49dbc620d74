"""Accepts candidates: finds the tested image that gets the immutable tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.planning.plan import reference
from image_matrix.planning.registry_locations import CANDIDATE
from image_matrix.registry.answers import CHECK, Absent, Denied, Digest, Unreachable, words
from image_matrix.registry.reference import DIGEST, parse_reference
from image_matrix.text import megabytes

if TYPE_CHECKING:
    from image_matrix.config.platforms import Platform
    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry

BUILD = "image-matrix build --push --candidate"
"""The command that pushes a candidate."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The image that a build has pushed for one variant and platform."""

    variant: str
    image: str
    immutable: str
    """Full reference of the immutable tag that it gets."""
    digest: str

    @property
    def reference(self) -> str:
        """Repository and digest."""
        return parse_reference(self.immutable).at(self.digest)


def repository(state: State, variant: str) -> str:
    """Return the repository of a variant's images."""
    return state.loaded.matrix.repository(state.loaded.variants[variant])


def belongs(state: State, variant: str, image: str) -> bool:
    """Say whether a reference by digest is in a variant's repository."""
    actual, expected = parse_reference(image), parse_reference(repository(state, variant))
    return actual.name == expected.name and DIGEST.fullmatch(actual.digest or "") is not None


def candidate(
    state: State, variant: str, platform: Platform, registry: Registry, image: str | None = None
) -> Candidate:
    """Return the candidate: ``image`` (repository and digest) if it is given, else the target of the candidate tag.

    If nothing was built, the accepted image is returned. Raises :class:`Failure` if neither exists, and
    :class:`EnvironmentFailure` if the registry does not answer or denies access: a candidate may exist then.
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
    """Return the remedy. GHCR also denies access to a package that does not exist yet."""
    return (
        answer.remedy
        if isinstance(answer, Unreachable)
        else f"{CHECK}; run `{BUILD}` if nothing was pushed yet"
    )


def over_budget(size: int, limit: int | None) -> str | None:
    """Return a message if an image is larger than ``limit`` bytes, else ``None``."""
    if limit is None or size <= limit:
        return None
    return f"{megabytes(size)} compressed; `max_size` allows {megabytes(limit)}"
