"""Suggests a field for each key that the schema does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.schema import ENTRIES
from image_matrix.config.suggestions import named
from image_matrix.diagnostics import did_you_mean
from image_matrix.text import character_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.json_data import Json


def is_misspelt(field: str, unknown: Collection[str], known: Collection[str]) -> bool:
    """Say whether a field is missing only because one of the keys that are not known is it."""
    return any(
        _letters(key) == _letters(field) or f"`{field}`?" in did_you_mean(key, known) for key in unknown
    )


def key_advice(key: str, known: Collection[str], value: object, place: str = "") -> str:
    """Return what to write instead of a key, with its value where the field is sure.

    ``place`` says where the key is known, if it is.
    """
    tight = re.fullmatch(r"\s*(\w+)(?::\s*|\s+)(\S.*)", key)
    if tight and tight[1] in known:
        return f"write `{tight[1]}: {tight[2]}`, with a colon and a space"
    odd = next((char for char in key if not char.isascii()), None)
    advice = _of_letters(key, known, value) or did_you_mean(key, known)
    if not advice.endswith(("`", "?")) or advice.startswith("known"):
        advice = place or "known: " + ", ".join(f"`{name}`" for name in sorted(known))
    elif place and advice.endswith("?"):
        advice = f"{advice} {place}"
    return f"{character_name(odd)} is in it; {advice}" if odd else advice


def _of_letters(key: str, known: Collection[str], value: object) -> str:
    same = [name for name in known if _letters(name) == _letters(key)]
    return f"write {named(same[0], value)}" if same else ""


def misplaced(value: Json, path: tuple[str | int, ...], sections: Mapping[str, Collection[str]]) -> str:
    """Return what to do with an unknown key at ``path`` whose value looks like an entry of a section."""
    if not isinstance(value, dict) or not value or len(path) not in (1, 3):
        return ""
    for section, fields in sections.items():
        noun, typical = ENTRIES[section]
        if set(fields) >= value.keys() and typical & value.keys() and (len(path) == 1 or section == path[0]):
            what = f"`{path[-1]}` looks like {noun}"
            if len(path) == 1:
                return f"{what}: move it, with its lines, below `{section}:`"
            return f"{what}: start it in the column of `{path[1]}`, with its lines below it"
    return ""


def _letters(key: str) -> str:
    return re.sub(r"[\W_]", "", key).lower()
