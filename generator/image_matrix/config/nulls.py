"""``null`` in an image or override: it takes away what came before.

The schema says where it may be written: as an alternative to what else a field takes. What is said about wrong values
is easier to understand without that alternative, so the shape is checked without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

NOTHING = {"$ref": "#/$defs/nothing"}
MARK = "x-nullable"
"""What a sub-schema has whose value may be taken away."""
_MAPPINGS = ("files", "env", "labels", "args", "contexts", "provides", "tests", "pip", "conda")
"""Fields of an image whose entries can be taken away one by one."""


def without_alternatives(part: Json) -> Json:
    """Return a schema in which ``null`` is a mark of a field, not an alternative."""
    if isinstance(part, list):
        return [without_alternatives(item) for item in part]
    if not isinstance(part, dict):
        return part
    inner = {key: without_alternatives(item) for key, item in part.items()}
    if NOTHING in part.get("anyOf", ()):
        first = inner.pop("anyOf")[0]
        return {**first, **inner, MARK: True}
    return inner


def nulls(value: Json, path: Path = ()) -> Iterator[Path]:
    """Yield the path of everything that is ``null`` or empty."""
    if value is None:
        yield path
    for step, item in _items(value):
        yield from nulls(item, (*path, step))


def _items(value: Json) -> Iterable[tuple[str | int, Json]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def without(value: Json, gone: Collection[Path], path: Path = ()) -> Json:
    """Return a value without what is at some paths, and without the fields of images that are empty then."""
    if isinstance(value, list):
        return [without(item, gone, (*path, at)) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = {key: without(item, gone, (*path, key)) for key, item in value.items() if (*path, key) not in gone}
    of_image = len(path) > 1
    return {key: item for key, item in kept.items() if not (of_image and item == {} and value[key])}


def taken_away(item: Mapping[str, Any]) -> frozenset[tuple[str, ...]]:
    """Return the paths in an image or override at which ``null`` stands: ``("env", "LANG")``."""
    fields = {key: value for key, value in item.items() if value is None or key in _MAPPINGS}
    return frozenset(tuple(map(str, path)) for path in nulls(fields))


def without_nulls(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an image or override without the ``null`` in it."""
    return {
        key: _entries(value) if isinstance(value, dict) and key in _MAPPINGS else value
        for key, value in item.items()
        if value is not None
    }


def _entries(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _entries(item) if isinstance(item, dict) else item
        for key, item in value.items()
        if item is not None
    }
