"""Defines the type of plain data, as in JSON and YAML, and finds what is at a path in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = Any
"""A text, number, boolean, null, list or mapping of such data.

It is ``Any``, since code that reads a field has checked its form before, by a schema or directly.
"""


def at_path(value: Json, path: Iterable[str | int]) -> Json:
    """Return what is at a path of keys and positions, or ``None`` if nothing is."""
    for step in path:
        if isinstance(value, list):
            value = value[step] if isinstance(step, int) and 0 <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
