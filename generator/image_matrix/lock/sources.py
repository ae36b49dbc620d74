"""Image references to digests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.lock.model import LockedSource
from image_matrix.registry.answers import Manifest, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.registry.answers import Refusal


@dataclass(frozen=True, slots=True)
class Sources:
    """The references that could be resolved, and why the others could not."""

    locked: dict[str, LockedSource] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def wanted_references(loaded: Loaded) -> dict[str, str]:
    """Return every reference that is locked, with the name by which users call it."""
    matrix = loaded.matrix
    used = [item.source for item in loaded.variants.values() if item.source]
    found = {matrix.sources[name]: name for name in used}
    if matrix.network.builtin_frontend is False:
        found[matrix.network.frontend] = "frontend"
    return {reference: name for reference, name in found.items() if "@" not in reference}


def lock_sources(
    loaded: Loaded,
    old: Mapping[str, LockedSource],
    moves: Callable[[str], bool],
    manifests: Callable[[list[str]], Mapping[str, Manifest | Refusal]],
) -> Sources:
    """Ask the registries for what is not locked, or is to move on (``moves`` of its name)."""
    found = Sources()
    wanted = wanted_references(loaded)
    unknown = [ref for ref, name in wanted.items() if ref not in old or moves(name) or moves(ref)]
    answers = manifests(unknown)
    platforms = {platform for variant in loaded.variants.values() for platform in variant.platforms}
    for reference in wanted:
        answer = answers.get(reference)
        if isinstance(answer, Manifest):
            found.locked[reference] = _locked(answer, old.get(reference), platforms)
            continue
        if reference in old:
            found.locked[reference] = old[reference]
        if answer is not None:
            found.failures[reference] = words(answer)
    return found


def _locked(answer: Manifest, old: LockedSource | None, platforms: set[str]) -> LockedSource:
    """Keep the old index where our platforms' images are the same: others' images move it too."""
    ours = {name: digest for name, digest in answer.platforms.items() if name in platforms}
    if old and ours and all(old.platforms.get(name) == digest for name, digest in ours.items()):
        return old
    return LockedSource(answer.digest, ours)
