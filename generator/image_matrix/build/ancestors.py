"""What a build of some variants consists of: their ancestors, as far up as has to be built."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from image_matrix import dag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.config.model import Platform
    from image_matrix.planning.plan import State


def with_ancestors(state: State, wanted: Iterable[tuple[str, Platform]]) -> list[tuple[str, Platform]]:
    """Return variants on platforms with everything that they are built on, parents first."""
    needed = dag.with_ancestors(wanted, lambda leg: _parent(state, leg))
    return [
        (item.id, platform)
        for item in state.loaded.variants.values()
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

    def is_needed(leg: tuple[str, Platform]) -> bool:
        return leg not in there or (rebuild and leg in wanted)

    needed = {
        above
        for leg in wanted
        for above in takewhile(is_needed, dag.chain(leg, lambda one: _parent(state, one)))
    }
    return [leg for leg in with_ancestors(state, wanted) if leg in needed]


def _parent(state: State, leg: tuple[str, Platform]) -> tuple[str, Platform] | None:
    parent = state.loaded.variants[leg[0]].parent
    return (parent, leg[1]) if parent else None
