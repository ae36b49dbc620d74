"""Compares the sources that images are built from in two states: another reference, or another digest in the lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.pins import Pins


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A source that is another image than before."""

    name: str
    before: str
    """Its reference, with the digest if the lock has one."""
    after: str
    images: tuple[str, ...]
    """Those that are built on it."""


def source_changes(
    old: Loaded, old_pins: Pins, new: Loaded, new_pins: Pins, names: Collection[str]
) -> tuple[SourceChange, ...]:
    """Return the sources that move and that the variants with these ids are built on."""
    images: dict[str, dict[str, None]] = {}
    for name in names:
        item = new.variants.get(name)
        if item is not None and item.root_source in old.matrix.sources:
            images.setdefault(item.root_source, {})[item.image] = None
    sides = (
        (name, old_pins.pinned(old.matrix.sources[name]), new_pins.pinned(new.matrix.sources[name]))
        for name in images
    )
    return tuple(
        SourceChange(name, before, after, tuple(images[name]))
        for name, before, after in sides
        if before != after
    )
