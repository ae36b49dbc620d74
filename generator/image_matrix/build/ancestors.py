"""What a build of some variants consists of: their ancestors, as far up as has to be built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.config.model import Platform
    from image_matrix.planning.plan import State


def with_ancestors(state: State, wanted: Iterable[tuple[str, Platform]]) -> list[tuple[str, Platform]]:
    """Return variants on platforms with everything that they are built on, parents first."""
    variants = state.loaded.variants
    needed = {(here.id, platform) for name, platform in wanted for here in lineage(variants, variants[name])}
    return [
        (item.id, platform)
        for item in variants.values()
        for platform in item.platforms
        if (item.id, platform) in needed
    ]


def to_build(
    state: State,
    wanted: list[tuple[str, Platform]],
    there: Collection[tuple[str, Platform]],
    *,
    rebuild: bool,
) -> list[tuple[str, Platform]]:
    """Return what has to be built for what is wanted, parents first: chains end at what is there already.

    ``rebuild`` asks for the wanted ones themselves even where they are there: to have them on this machine.
    """
    variants = state.loaded.variants
    needed = set()
    for name, platform in wanted:
        for here in lineage(variants, variants[name]):
            if (here.id, platform) in there and not (rebuild and here.id == name):
                break
            needed.add((here.id, platform))
    return [leg for leg in with_ancestors(state, wanted) if leg in needed]
