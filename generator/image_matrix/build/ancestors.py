"""Adds the ancestors that a build of some variants needs, as far up as they have to be built."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from image_matrix import dag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.config.model import Platform
    from image_matrix.planning.plan import State


def with_ancestors(state: State, requested: Iterable[tuple[str, Platform]]) -> list[tuple[str, Platform]]:
    """Return variants on platforms with all their ancestors, parents first."""
    needed = dag.with_ancestors(requested, lambda leg: _parent(state, leg))
    return [
        (item.id, platform)
        for item in state.loaded.variants.values()
        for platform in item.platforms
        if (item.id, platform) in needed
    ]


def to_build(
    state: State,
    requested: list[tuple[str, Platform]],
    existing: Collection[tuple[str, Platform]],
    *,
    rebuild: bool,
) -> list[tuple[str, Platform]]:
    """Return what has to be built for the requested legs, parents first. A chain ends at the first existing image.

    ``rebuild`` includes the requested legs even if they exist: the image is needed on this machine.
    """

    def is_needed(leg: tuple[str, Platform]) -> bool:
        return leg not in existing or (rebuild and leg in requested)

    needed = {
        above
        for leg in requested
        for above in takewhile(is_needed, dag.chain(leg, lambda one: _parent(state, one)))
    }
    return [leg for leg in with_ancestors(state, requested) if leg in needed]


def _parent(state: State, leg: tuple[str, Platform]) -> tuple[str, Platform] | None:
    parent = state.loaded.variants[leg[0]].parent
    return (parent, leg[1]) if parent else None
