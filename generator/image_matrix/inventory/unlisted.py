"""Finds images with packages that the matrix or its lock does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.variant_ids import image_of
from image_matrix.lock.distributions import is_bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.inventory.model import Inventory


def unlisted(loaded: Loaded, names: Iterable[str]) -> dict[str, list[str]]:
    """Return what brings packages that are not listed, each with the images among these variants that have them.

    A build can tell.
    """
    images: dict[str, dict[str, None]] = {}
    for name in names:
        item = loaded.variants[name]
        for one in lineage(loaded.variants, item):
            if reason := _reason(loaded, one):
                images.setdefault(reason, {})[item.image] = None
    return {reason: list(named) for reason, named in images.items()}


def not_locked(inventories: Mapping[str, Inventory]) -> tuple[str, ...]:
    """Return the images, of variants by id, of which the lock does not have everything that packages need."""
    return tuple(dict.fromkeys(image_of(name) for name, one in inventories.items() if one.unknown))


def _reason(loaded: Loaded, item: Variant) -> str:
    """Return what of a variant alone is not listed; a plain distribution and the steps of kinds do not count."""
    if item.build:
        return f"`{item.build.dockerfile}`"
    if item.scripts:
        return f"`{item.scripts[0]}`"
    reference = loaded.matrix.sources.get(item.source or "", "")
    return f"source `{item.source}`" if reference and not is_bare(reference) else ""
