"""Compares images in two states: which come and go, what changes in the others, what moves below them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of
from image_matrix.inventory.changes import content_changes
from image_matrix.inventory.contents import inventories
from image_matrix.inventory.source_changes import base_changes, bases

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.inventory.changes import ContentChange
    from image_matrix.inventory.model import Inventory
    from image_matrix.inventory.source_changes import Bases, SourceChange
    from image_matrix.lock.pins import Pins


@dataclass(frozen=True, slots=True)
class ImageState:
    """A variant at a revision, or as it was released."""

    inventory: Inventory
    bases: Bases = field(default_factory=dict)
    parent: str | None = None
    """Id of the variant that it is built FROM."""
    platforms: tuple[str, ...] = ()
    digest: str = ""
    """``sha256:…`` of the released index; empty at a revision."""


@dataclass(frozen=True, slots=True)
class ImageDifference:
    """What differs between two states."""

    added: tuple[str, ...]
    """Ids of the variants that are new."""
    removed: tuple[str, ...]
    packages: tuple[ContentChange, ...]
    sources: tuple[SourceChange, ...]
    rebuilt: tuple[str, ...] = ()
    """Ids of released variants with another digest, but no change that is known."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.packages or self.sources or self.rebuilt)


def image_states(loaded: Loaded, pins: Pins, names: Collection[str] | None = None) -> dict[str, ImageState]:
    """Return the variants of a matrix with these ids, by default all of them."""
    known = inventories(loaded.matrix, loaded.variants, pins, names)
    return {
        name: ImageState(one, bases(loaded, pins, item), item.parent, item.platforms)
        for name, one in known.items()
        for item in (loaded.variants[name],)
    }


def difference(before: Mapping[str, ImageState], after: Mapping[str, ImageState]) -> ImageDifference:
    """Return what differs between two states of images, by the ids of their variants."""
    packages = content_changes(
        {name: one.inventory for name, one in before.items()},
        {name: one.inventory for name, one in after.items()},
    )
    sources = base_changes(
        {name: one.bases for name, one in before.items()}, {name: one.bases for name, one in after.items()}
    )
    changed = {
        *(name for one in packages for name in one.images),
        *(name for one in sources for name in one.images),
    }
    return ImageDifference(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        packages=packages,
        sources=sources,
        rebuilt=tuple(
            name
            for name in after
            if name in before
            and _is_rebuilt(before[name], after[name])
            and not changed & {name, image_of(name)}
        ),
    )


def _is_rebuilt(before: ImageState, after: ImageState) -> bool:
    return bool(before.digest and after.digest) and before.digest != after.digest


@dataclass(frozen=True, slots=True)
class SharedChanges:
    """The changes that the same images have."""

    tops: tuple[str, ...]
    """The images that are built on none of the others, or variants of them."""
    below: int
    """How many images are built on those, and have the same changes."""
    packages: tuple[ContentChange, ...]


def shared_changes(changes: Iterable[ContentChange], states: Mapping[str, ImageState]) -> list[SharedChanges]:
    """Return the changes of packages by the images that have them: those with the most images first.

    ``states`` has the parents of variants.
    """
    by_images: dict[tuple[str, ...], list[ContentChange]] = {}
    for item in changes:
        by_images.setdefault(item.images, []).append(item)
    parents = _parents(states)
    result = []
    for names, items in by_images.items():
        tops = tuple(name for name in names if not parents.get(name, frozenset()) & {*names})
        result.append(SharedChanges(tops, len(names) - len(tops), tuple(items)))
    return sorted(result, key=lambda one: -(len(one.tops) + one.below))


def _parents(states: Mapping[str, ImageState]) -> dict[str, frozenset[str]]:
    """Return image, and id of a variant, to what it is built FROM: images and ids."""
    result: dict[str, set[str]] = {}
    for name, state in states.items():
        if state.parent:
            parents = {state.parent, image_of(state.parent)}
            for key in (name, image_of(name)):
                result.setdefault(key, set()).update(parents)
    return {name: frozenset(parents) for name, parents in result.items()}
