"""Finds where a key belongs that its place does not know: ``rescan`` of ``release`` is one of ``workflow``."""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeAlias

from image_matrix.config.schema import alternatives, schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

NAME = "NAME"
"""In place of a name of the user's own."""
TOP = "at the top of the matrix"
_DEEPEST = 6
"""Steps of a path; below are fields of Kubernetes that matrices seldom have."""
_MOST = 2
"""Places that a help names."""
_FAR = 3
"""Steps of a place in another section; what is further away is hardly meant."""
_NEAR = 2
"""Steps of a place below the mapping that it has in common with that of the key."""
_FITTING = {
    "string": (str, int, float),  # a number fits once it is quoted
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool, str),  # `yes` in quotes, or what the field has in another program
    "array": (list,),
    "object": (dict,),
}
Owner: TypeAlias = tuple[str, ...]
"""The path of a mapping."""


def belongs(path: Path, key: str, value: Json) -> str:
    """Return where a key that the mapping at ``path`` does not know is one; empty if it is a key of many places.

    The mapping itself goes before mappings of the same name, and these before others of the section. A place whose
    field takes no such value goes last, but not one of the same name: `apt` with a wrong value is still not `cran`.
    """
    mapping = tuple(step for step in path if isinstance(step, str))
    near = {owner: field for owner, field in _owners().get(key, {}).items() if _is_near(owner, mapping)}
    fields = _fitting(near, value)
    inside = _shortest({owner: fields[owner] for owner in fields if mapping and _is_inside(owner, mapping)})
    alike = {owner: field for owner, field in near.items() if mapping and owner[-1:] == mapping[-1:]}
    places = _shortest(fields)
    beside = [owner for owner in places if mapping and owner[:1] == mapping[:1]]
    chosen = inside or _shortest(_fitting(alike, value)) or beside or places
    if not chosen or len(chosen) > _MOST:
        return ""
    return f"`{key}` belongs {' or '.join(map(_below, chosen))}"


def _fitting(fields: dict[Owner, dict[str, Any]], value: Json) -> dict[Owner, dict[str, Any]]:
    """Return the places whose fields take a value, or all if none does."""
    return {owner: field for owner, field in fields.items() if _accepts(field, value)} or fields


def _is_inside(owner: Owner, mapping: Owner) -> bool:
    """Say whether a place is in the mapping itself that does not have the key, or in the defaults of such entries."""
    section = ("defaults", *mapping[:1]) if len(mapping) == 2 else mapping
    return any(len(owner) > len(one) == _shared(owner, one) for one in (mapping, section))


def _is_near(owner: Owner, mapping: Owner) -> bool:
    shared = _shared(owner, mapping)
    return len(owner) - shared <= (_NEAR if shared else _FAR)


def _shared(owner: Owner, mapping: Owner) -> int:
    """Return how many steps two paths have in common from the top on."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] in (NAME, pair[1]), zip(owner, mapping, strict=False))
    )


def _accepts(field: dict[str, Any], value: Json) -> bool:
    """Say whether a value is of a type that a field takes."""
    named = [item.get("type", []) for item in alternatives(field)]
    types = [one for names in named for one in ([names] if isinstance(names, str) else names)]
    if value is None or not types:
        return True
    if isinstance(value, bool):
        return "boolean" in types  # which Python takes for a number too
    return any(isinstance(value, _FITTING.get(one, ())) for one in types)


def _below(owner: Owner) -> str:
    return f"below `{'.'.join(owner)}`" if owner else TOP


def _shortest(fields: Mapping[Owner, dict[str, Any]]) -> list[Owner]:
    """Return the places of fields; of those that share their fields, the shortest.

    A section itself goes before what `defaults` has of it.
    """
    places: dict[str, list[Owner]] = {}
    for owner, field in fields.items():
        places.setdefault(_about(field), []).append(owner)
    return [owner for owners in places.values() for owner in owners if _rank(owner) == _rank(owners[0])]


def _rank(owner: Owner) -> tuple[int, bool]:
    return len(owner), owner[:1] == ("defaults",)


@cache
def _owners() -> Mapping[str, Mapping[Owner, dict[str, Any]]]:
    """Return for each key the places that have it, the shortest first, each with its sub-schema."""
    places: dict[str, dict[Owner, dict[str, Any]]] = {}
    for key, field, owner in sorted(_keys(schema(), ()), key=lambda one: _rank(one[2])):
        places.setdefault(key, {}).setdefault(owner, field)
    return places


def _keys(part: dict[str, Any], path: Owner) -> Iterator[tuple[str, dict[str, Any], Owner]]:
    """Yield each key with its sub-schema and the path of the mapping that has it."""
    if len(path) > _DEEPEST:
        return
    for item in alternatives(part):
        for key, field in item.get("properties", {}).items():
            yield key, field, path
            yield from _keys(field, (*path, key))
        for word, step in (("additionalProperties", (NAME,)), ("items", ())):
            below = item.get(word)
            if isinstance(below, dict):
                yield from _keys(below, (*path, *step))


def _about(field: dict[str, Any]) -> str:
    return str(field.get("$ref") or field.get("description", ""))
