"""Writes what the script of the catalog searches: each variant with its packages, as JSON within HTML."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors
from image_matrix.config.tags import tags_of
from image_matrix.inventory.contents import inventories
from image_matrix.inventory.model import Inventory
from image_matrix.inventory.unlisted import unlisted
from image_matrix.render.docs.catalog_changes import changes_data
from image_matrix.render.docs.catalog_packages import differences
from image_matrix.render.titles import title_of
from image_matrix.text import size_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.inventory.difference import ImageDifference
    from image_matrix.inventory.model import Contents
    from image_matrix.json_data import Json
    from image_matrix.lock.pins import Pins
    from image_matrix.render.lists.released import ReleasedImage, ScanSummary

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""What could end a script element or begin a comment in it. Source: html.spec.whatwg.org, "Restrictions for contents of
script elements"."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The images of a page."""

    loaded: Loaded
    contents: Mapping[str, Inventory]
    """What is in each variant that is listed, by its id, and perhaps in others."""
    available: Collection[str]
    """Ids of the variants that profiles can offer."""
    references: Mapping[str, str] = field(default_factory=dict)
    """What a release has written down of a variant, by its id: its reference with the digest."""
    released: Mapping[str, ReleasedImage] = field(default_factory=dict)
    """What the registry says about released variants, by their ids."""
    changes: Mapping[str, ImageDifference] = field(default_factory=dict)
    """What changed last in released variants, by their ids, where it is known."""
    earlier: Collection[str] = ()
    """Ids of the released variants that are not built from this matrix, but from an earlier one."""

    @property
    def listed(self) -> list[Variant]:
        """The variants that are listed: published, and available."""
        return [item for item in self.loaded.variants.values() if item.publish and item.id in self.available]


def shown_of(loaded: Loaded, pins: Pins) -> Shown:
    """Return all images of a matrix, with what it and its lock know."""
    return Shown(loaded, inventories(loaded.matrix, loaded.variants, pins), loaded.variants)


def data_text(shown: Shown, profiles: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Return the data: a line for each variant, parents first. No text in it can end the element that it is in.

    ``profiles`` are the slugs and names of those that offer a variant, by its id.
    """
    listed = shown.listed
    places, tags = {item.id for item in listed}, tags_of(shown.loaded.variants.values())
    lines = [
        _line(_variant(shown, item, places, tags[item.id], profiles.get(item.id, ()))) for item in listed
    ]
    return "[\n" + ",\n".join(lines) + "\n]"


def _line(entry: Mapping[str, Json]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _variant(
    shown: Shown,
    item: Variant,
    places: Collection[str],
    tags: Sequence[str],
    profiles: Sequence[tuple[str, str]],
) -> dict[str, Json]:
    variants = shown.loaded.variants
    base = next((one for one in ancestors(variants, item) if one.id in places), None)
    below = _contents(shown, base) if base else {}
    return {
        "id": item.id,
        "image": item.image,
        "title": title_of(item),
        "on": base.id if base else "",
        "profiles": [list(profile) for profile in profiles],
        "facts": [list(fact) for fact in _facts(shown, item, tags)],
        "unlisted": [*_unlisted(shown, item)],
        **differences(_contents(shown, item), item.archs, below, base.archs if base else ()),
        **changes_data(shown.changes.get(item.id), shown.changes.get(base.id) if base else None),
    }


def _contents(shown: Shown, item: Variant) -> Contents:
    return shown.contents.get(item.id, Inventory()).contents


def _facts(shown: Shown, item: Variant, tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is known of a variant, as terms and texts; what only a release knows is there after one."""
    matrix, image = shown.loaded.matrix, shown.released.get(item.id)
    known_tags = (f"{matrix.repository(item)}:{tag}" for tag in tags if "{" not in tag)
    if reference := shown.references.get(item.id) or next(known_tags, None):
        yield "Image", reference
    sizes = image.sizes if image else {}
    if item.id not in shown.earlier:
        yield "Built on", item.parent or matrix.sources[item.source or ""]
        sizes = dict.fromkeys(item.platforms, 0) | dict(sizes)
    if sizes:
        yield (
            "Platforms",
            ", ".join(f"{name} ({size_text(size)})" if size else name for name, size in sizes.items()),
        )
    if image and image.created:
        yield "Released", image.created.partition("T")[0]
    if image and image.commit:
        yield "From commit", image.commit[:12]
    if image and image.scan:
        yield "Open findings", _findings(image.scan)


def _findings(scan: ScanSummary) -> str:
    """Return how many findings an image has, and each platform if they differ."""
    parts = [
        f"{platform}: {'not scanned' if counts is None else _counted(counts) or 'none'}"
        for platform, counts in scan.differing.items()
    ]
    parts += [f"scan of {scan.day}"] if scan.day else []
    more = f" ({'; '.join(parts)})" if parts else ""
    return f"{_counted(scan.counts) or 'none that stops a release'}{more}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {severity.lower()}" for severity, number in counts.items())


def _unlisted(shown: Shown, item: Variant) -> Iterator[str]:
    """Yield what brings packages that are not in the list."""
    if item.id not in shown.contents:
        yield "anything: it is from before a release recorded what is in images"
    elif item.id not in shown.earlier and not shown.contents[item.id].from_image:
        yield from (f"what {reason.replace('`', '')} brings" for reason in unlisted(shown.loaded, [item.id]))
    unknown = shown.contents.get(item.id, Inventory()).unknown
    if unknown:
        yield f"what packages of {', '.join(sorted(unknown))} need, as no lock has it"
