"""Compares what images are built from in two states: sources, and the days of archives of packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from image_matrix.config.catalog import offered_sources
from image_matrix.config.lineage import lineage
from image_matrix.config.variant_ids import image_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.lock.pins import Pins

Bases: TypeAlias = "Mapping[tuple[str, str], str | None]"
"""What an image is built from, by kind and name, as in :class:`SourceChange`."""


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A source, or an archive of packages, that is another one than before."""

    what: str
    """``source``, ``apt packages`` or ``CRAN snapshot``."""
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
    before, after = (
        {name: bases(loaded, pins, loaded.variants[name]) for name in names if name in loaded.variants}
        for loaded, pins in ((old, old_pins), (new, new_pins))
    )
    return base_changes(before, after, _offered(old, old_pins, new, new_pins))


def base_changes(
    before: Mapping[str, Bases], after: Mapping[str, Bases], others: Iterable[SourceChange] = ()
) -> tuple[SourceChange, ...]:
    """Return what moves below variants, by their ids, as far as both states have them; ``others`` move, too."""
    images: dict[tuple[str, str, str | None, str | None], dict[str, None]] = {
        (one.what, one.name, one.before, one.after): {} for one in others
    }
    for name in (name for name in after if name in before):
        for base in before[name].keys() & after[name].keys():
            sides = (before[name][base], after[name][base])
            if sides[0] != sides[1]:
                images.setdefault((*base, *sides), {})[image_of(name)] = None
    changes = (SourceChange(*change, tuple(names)) for change, names in images.items())
    return tuple(sorted(changes, key=lambda item: (item.what != "source", item.what, item.name)))


def _offered(old: Loaded, old_pins: Pins, new: Loaded, new_pins: Pins) -> Iterator[SourceChange]:
    """Yield the sources that profiles offer as they are, and whose digests move."""
    for name in offered_sources(old.matrix).keys() & offered_sources(new.matrix).keys():
        reference = new.matrix.sources[name]
        before, after = old_pins.pinned(reference), new_pins.pinned(reference)
        if old.matrix.sources[name] == reference and before != after:
            yield SourceChange("source", name, before, after, ())


def bases(loaded: Loaded, pins: Pins, item: Variant) -> dict[tuple[str, str], str | None]:
    """Return what a variant is built from: kind and name to a reference, or to the moment of an archive."""
    source = item.root_source
    result: dict[tuple[str, str], str | None] = {}
    if source in loaded.matrix.sources:
        result["source", source] = pins.pinned(loaded.matrix.sources[source])
        result["apt packages", source] = pins.apt_moments.get(source)
    if any(above.packages.get("cran") for above in lineage(loaded.variants, item)):
        result["CRAN snapshot", ""] = item.cran_snapshot or pins.cran_snapshot
    return result
