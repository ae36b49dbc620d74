"""Reads the JSON Schema 2020-12 of ``matrix.yaml``, and looks up paths in it.

Beside a pattern, ``x-noun`` says what a value or a name is, and ``x-hint`` what to write. ``x-filled`` is the pattern
of a text whose placeholders are replaced. ``x-lowest`` says what one word of an order means (suggestions.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from image_matrix.config.nulls import MARK, nulls, without_alternatives

if TYPE_CHECKING:
    from image_matrix.config.document import Documents
    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

ENTRIES = {
    "images": ("an image", {"from"}),
    "profiles": ("a profile", {"images"}),
    "sizes": ("a size", {"cpu", "memory", "devices"}),
    "downloads": ("a download", {"url"}),
    "accelerators": ("an accelerator", {"device"}),
}
"""Section to what its entries are, and to fields that nothing else has."""


@cache
def schema_text() -> str:
    """Return the JSON Schema of ``matrix.yaml`` as text."""
    return FilePath(__file__).with_name("schema.json").read_text(encoding="utf-8")


@cache
def schema() -> Json:
    """Return the JSON Schema as data; that a field may be ``null`` is a mark in it, not an alternative."""
    import json

    return without_alternatives(json.loads(schema_text()))


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a sub-schema with the definition that it refers to."""
    return {**schema()["$defs"].get(part.get("$ref", "").rpartition("/")[2], {}), **part}


def is_field(path: Path) -> bool:
    """Say whether the schema knows the last step of a path, which else is a name of the user's own or misspelt."""
    return path != () and path[-1] in _fields(_part(path[:-1]))


def sibling_fields(path: Path) -> list[str]:
    """Return the fields beside the last step of a path."""
    return [*_fields(_part(path[:-1]))] if path else []


def is_nullable(path: Path) -> bool:
    """Say whether ``null`` at a path takes away what came before."""
    return MARK in _part(path)


def taking_away(documents: Documents) -> set[Path]:
    """Return the paths at which ``null`` is written to take something away; an empty value is none."""
    return {path for path in nulls(documents.value) if documents.written(path) and is_nullable(path)}


def _part(path: Path) -> dict[str, Any]:
    """Return the sub-schema at a path; an empty one for a path that the schema does not know."""
    part: dict[str, Any] = schema()
    for step in path:
        every = alternatives(part)
        word = "items" if isinstance(step, int) else "additionalProperties"
        below = [item[word] for item in every if item.get(word)]
        part = _fields(part).get(str(step)) or (below or [{}])[0]
    return resolved(part)


def _fields(part: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a sub-schema knows, in any of its alternatives."""
    return {name: field for item in alternatives(part) for name, field in item.get("properties", {}).items()}


def alternatives(part: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a sub-schema and those of which a value may fit any."""
    whole = resolved(part)
    return [whole, *map(resolved, whole.get("anyOf", ()))]


def is_required(path: Path) -> bool:
    """Say whether the schema asks for the field at ``path``."""
    owner = schema()
    for step in path[:-1]:
        named = owner.get("properties", {}).get(step)
        below = owner.get("items" if isinstance(step, int) else "additionalProperties")
        owner = resolved(named or below or {})
    return path[-1:] != () and path[-1] in owner.get("required", ())
