"""The JSON Schema 2020-12 of ``matrix.yaml``, and what it knows of a path.

Beside a pattern, ``x-noun`` says what a value or a name is, and ``x-hint`` what to write.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    """Return the JSON Schema as data."""
    import json

    return json.loads(schema_text())


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a sub-schema with the definition that it refers to."""
    return {**schema()["$defs"].get(part.get("$ref", "").rpartition("/")[2], {}), **part}


def human(path: Path) -> str:
    """Return a path as users write it: ``images.base.pip[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"`{text}`" if text else "the matrix"


def is_field(path: Path) -> bool:
    """Say whether the schema knows the last step of a path, which else is a name of the user's own or misspelt."""
    here, known = schema(), False
    for step in path:
        here = resolved(here)
        branches = [here, *(resolved(part) for part in here.get("anyOf", ()))]
        fields = [part["properties"][step] for part in branches if step in part.get("properties", {})]
        names = [part["additionalProperties"] for part in branches if part.get("additionalProperties")]
        here, known = (fields or names or [{}])[0], bool(fields)
    return known


def is_required(path: Path) -> bool:
    """Say whether the schema asks for the field at ``path``."""
    owner = schema()
    for step in path[:-1]:
        named = owner.get("properties", {}).get(step)
        below = owner.get("items" if isinstance(step, int) else "additionalProperties")
        owner = resolved(named or below or {})
    return path[-1:] != () and path[-1] in owner.get("required", ())
