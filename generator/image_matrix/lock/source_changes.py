"""Compares what images are built from in two states: sources, and the days of archives of packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.catalog import offered_sources
from image_matrix.config.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.pins import Pins


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A source, or an archive of packages, that is another one than before."""

    what: str
    """``source``, ``apt snapshot`` or ``CRAN snapshot``."""
    name: str
    """The name of the source; empty for CRAN."""
    before: str | None
    """A reference, with the digest if the lock has one, or the moment of an archive; ``None`` if there is none."""
    after: str | None
    images: tuple[str, ...]
    """Those that are built on it; empty if it is only offered as it is."""


def source_changes(
    old: Loaded, old_pins: Pins, new: Loaded, new_pins: Pins, names: Collection[str]
) -> tuple[SourceChange, ...]:
    """Return what moves below the variants with these ids, as far as both states have them; sources first.

    A source that profiles offer as it is counts if its digest moves: another reference is a change of the choice.
    """
    images: dict[tuple[str, str, str | None, str | None], dict[str, None]] = {}
    for name in offered_sources(old.matrix).keys() & offered_sources(new.matrix).keys():
        reference = new.matrix.sources[name]
        before, after = old_pins.pinned(reference), new_pins.pinned(reference)
        if old.matrix.sources[name] == reference and before != after:
            images["source", name, before, after] = {}
    for name in names:
        if name in old.variants and name in new.variants:
            item = new.variants[name]
            earlier = dict(_below(old, old_pins, old.variants[name]))
            current = dict(_below(new, new_pins, item))
            for what, source in earlier.keys() & current.keys():
                sides = (earlier[what, source], current[what, source])
                if sides[0] != sides[1]:
                    images.setdefault((what, source, *sides), {})[item.image] = None
    changes = (SourceChange(*change, tuple(names)) for change, names in images.items())
    return tuple(sorted(changes, key=lambda item: (item.what != "source", item.what, item.name)))


def _below(loaded: Loaded, pins: Pins, item: Variant) -> Iterator[tuple[tuple[str, str], str | None]]:
    """Yield what a variant is built from, by kind and name."""
    source = item.root_source
    if source in loaded.matrix.sources:
        yield ("source", source), pins.pinned(loaded.matrix.sources[source])
        yield ("apt snapshot", source), pins.apt_snapshots.get(source)
    if any(above.packages.get("cran") for above in lineage(loaded.variants, item)):
        yield ("CRAN snapshot", ""), item.cran_snapshot or pins.cran_snapshot
