"""Merges a partial matrix over another: mappings merge, other values replace, an empty value removes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.json_data import Json


def merge(base: Json, overlay: Json) -> Json:
    """Return ``base`` with ``overlay`` on top; neither is changed.

    An empty value that removes nothing stays.
    """
    if not isinstance(base, dict) or not isinstance(overlay, dict):
        return overlay
    kept = {key: value for key, value in base.items() if overlay.get(key, value) is not None}
    return kept | {
        key: merge(kept.get(key), value)
        for key, value in overlay.items()
        if value is not None or key not in base
    }


def removals(base: Json, overlay: Json, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every empty value of an overlay that removes something."""
    if isinstance(base, dict) and isinstance(overlay, dict):
        for key, value in overlay.items():
            if value is None and base.get(key) is not None:
                yield (*prefix, key)
            yield from removals(base.get(key), value, (*prefix, key))


def empties(overlay: Json, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every empty value of an overlay."""
    for key, value in overlay.items() if isinstance(overlay, dict) else ():
        if value is None:
            yield (*prefix, key)
        yield from empties(value, (*prefix, key))


def without(value: Json, paths: Collection[tuple[str, ...]], prefix: tuple[str, ...] = ()) -> Json:
    """Return a value without what stands at ``paths``."""
    if not isinstance(value, dict):
        return value
    return {
        key: without(item, paths, (*prefix, key))
        for key, item in value.items()
        if (*prefix, key) not in paths
    }
