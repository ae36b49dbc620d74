"""Adds the ancestors that a build of some variants needs, as far up as they have to be built, and descendants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix import dag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.config.platforms import Platform
    from image_matrix.planning.plan import State


def with_ancestors(state: State, requested: Iterable[tuple[str, Platform]]) -> list[tuple[str, Platform]]:
    """Return variants on platforms with all their ancestors, parents first."""
    needed = dag.with_ancestors(requested, lambda leg: parents_of(state, leg))
    return [
        (item.id, platform)
        for item in state.loaded.variants.values()
        for platform in item.platforms
        if (item.id, platform) in needed
    ]


def with_descendants(state: State, requested: list[tuple[str, Platform]]) -> list[tuple[str, Platform]]:
    """Return variants on platforms with everything that is built on them there, parents first."""
    every = [(item.id, platform) for item in state.loaded.variants.values() for platform in item.platforms]
    carried = dag.with_descendants(requested, every, lambda leg: parents_of(state, leg))
    return [leg for leg in every if leg in carried]


def to_build(
    state: State,
    requested: list[tuple[str, Platform]],
    existing: Collection[tuple[str, Platform]],
    *,
    rebuild: bool,
) -> list[tuple[str, Platform]]:
    """Return what has to be built for the requested legs, parents first. Nothing above an existing image is.

    ``rebuild`` includes the requested legs even if they exist: the image is needed on this machine.
    """

    def is_needed(leg: tuple[str, Platform]) -> bool:
        return leg not in existing or (rebuild and leg in requested)

    def needed_parents(leg: tuple[str, Platform]) -> Iterable[tuple[str, Platform]]:
        return filter(is_needed, parents_of(state, leg))

    needed = dag.with_ancestors(filter(is_needed, requested), needed_parents)
    return [leg for leg in with_ancestors(state, requested) if leg in needed]


def parents_of(state: State, leg: tuple[str, Platform]) -> list[tuple[str, Platform]]:
    """Return what a leg is built from: its parent, and other images that its Dockerfile names."""
    return [(parent, leg[1]) for parent in state.loaded.variants[leg[0]].parents]
