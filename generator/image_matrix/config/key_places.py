"""Finds where a key belongs that its place does not know: ``rescan`` of ``release`` is one of ``workflow``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from image_matrix.config.schema import alternatives, schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Path

NAME = "NAME"
"""In place of a name of the user's own."""
TOP = "at the top of the matrix"
_DEEPEST = 6
"""Steps of a path; below are fields of Kubernetes that matrices seldom have."""
_MOST = 2
"""Places that a help names."""


def belongs(path: Path, key: str) -> str:
    """Return where a key that the mapping at ``path`` does not know is one; empty if it is a key of many places.

    The mapping itself goes before mappings of the same name, and these before others of the section.
    """
    inside = [owner for owner in _owners().get(key, {}) if path and _is_inside(owner, path)]
    places = _shortest(key)
    alike = [owner for owner in places if path and owner[-1:] == path[-1:]]
    beside = [owner for owner in places if path and owner[:1] == path[:1]]
    chosen = inside[:1] or alike or beside or places
    if not chosen or len(chosen) > _MOST:
        return ""
    return f"`{key}` belongs {' or '.join(map(_below, chosen))}"


def _is_inside(owner: tuple[str, ...], path: Path) -> bool:
    """Say whether a place is in the mapping itself that does not have the key."""
    return len(owner) > len(path) and all(
        step in (NAME, given) for step, given in zip(owner, path, strict=False)
    )


def _below(owner: tuple[str, ...]) -> str:
    return f"below `{'.'.join(owner)}`" if owner else TOP


def _shortest(key: str) -> list[tuple[str, ...]]:
    """Return the places that have a key; of those that share their fields, the shortest.

    A section itself goes before what `defaults` has of it.
    """
    places: dict[str, list[tuple[str, ...]]] = {}
    for owner, about in _owners().get(key, {}).items():
        places.setdefault(about, []).append(owner)
    return [owner for owners in places.values() for owner in owners if _rank(owner) == _rank(owners[0])]


def _rank(owner: tuple[str, ...]) -> tuple[int, bool]:
    return len(owner), owner[:1] == ("defaults",)


@cache
def _owners() -> Mapping[str, Mapping[tuple[str, ...], str]]:
    """Return for each key the places that have it, the shortest first, each with what the field is about."""
    places: dict[str, dict[tuple[str, ...], str]] = {}
    for key, about, owner in sorted(_keys(schema(), ()), key=lambda one: _rank(one[2])):
        places.setdefault(key, {}).setdefault(owner, about)
    return places


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
