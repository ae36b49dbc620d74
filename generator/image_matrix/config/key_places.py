"""Finds where a key belongs that its place does not know: ``rescan`` of ``release`` is one of ``workflow``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from image_matrix.config.schema import alternatives, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Path

NAME = "NAME"
"""In place of a name of the user's own."""
TOP = "at the top of the matrix"
_DEEPEST = 6
"""Steps of a path; below are fields of Kubernetes that matrices seldom have."""
_MOST = 2
"""Places that a help names."""


def belongs(path: Path, key: str) -> str:
    """Return where a key that the mapping at ``path`` does not know is one; empty if it is a key of many places."""
    owners = _owners().get(key, ())
    near = [owner for owner in owners if path and owner and _is_near(owner, path)]
    chosen = near or list(owners)
    if not chosen or len(chosen) > _MOST:
        return ""
    return f"`{key}` belongs {' or '.join(map(_below, chosen))}"


def _is_near(owner: tuple[str, ...], path: Path) -> bool:
    """Say whether a place is in the same section as ``path``, or has the same name in another one."""
    return owner[0] == path[0] or owner[-1] == path[-1]


def _below(owner: tuple[str, ...]) -> str:
    return f"below `{'.'.join(owner)}`" if owner else TOP


@cache
def _owners() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return for each key the places that have it; of places that share their fields, the shortest.

    A section itself goes before what `defaults` has of it.
    """
    places: dict[str, dict[str, tuple[str, ...]]] = {}
    for key, about, owner in sorted(
        _keys(schema(), ()), key=lambda one: (len(one[2]), one[2][:1] == ("defaults",))
    ):
        places.setdefault(key, {}).setdefault(about, owner)
    return {key: tuple(owners.values()) for key, owners in places.items()}


def _keys(part: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each key with its description and the path of the mapping that has it."""
    if len(path) > _DEEPEST:
        return
    for item in alternatives(part):
        for key, field in item.get("properties", {}).items():
            yield key, _about(field), path
            yield from _keys(field, (*path, key))
        for word, step in (("additionalProperties", (NAME,)), ("items", ())):
            below = item.get(word)
            if isinstance(below, dict):
                yield from _keys(below, (*path, *step))


def _about(field: dict[str, Any]) -> str:
    return str(field.get("$ref") or field.get("description", ""))
