"""Defines the type of plain data, as in JSON and YAML, reads it, and finds what is at a path in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json: TypeAlias = Any
"""A text, number, boolean, null, list or mapping of such data.

It is ``Any``, since code that reads a field has checked its form before, by a schema or directly.
"""


class NestingError(ValueError):
    """Says that JSON has more levels than Python reads."""


def read_json(
    text: str | bytes | bytearray, pairs: Callable[[list[tuple[str, Json]]], Json] | None = None
) -> Json:
    """Return what a text that others wrote has as JSON; ``pairs`` makes a mapping from its keys and values.

    Raises :class:`ValueError` for what is no JSON, and its subclass :class:`NestingError` for too many levels, which
    Python's parser answers with a RecursionError.
    """
    import json

    try:
        return json.loads(text, object_pairs_hook=pairs)
    except RecursionError as error:
        raise NestingError("it is nested too deeply") from error


def at_path(value: Json, path: Iterable[str | int]) -> Json:
    """Return what is at a path of keys and positions, or ``None`` if nothing is."""
    for step in path:
        if isinstance(value, list):
            value = value[step] if isinstance(step, int) and 0 <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
