"""Writes what files of an image say about packages as JSON, and reads it again; the one is the inverse of the other."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from image_matrix.inventory.installed_files import (
    AutomaticNames,
    DpkgNames,
    InstalledConda,
    InstalledNpm,
    InstalledPython,
    InstalledR,
    OsRelease,
    Presence,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.inventory.installed_files import Files, Record
    from image_matrix.json_data import Json

_KINDS: Mapping[str, type[Record]] = {
    "dpkg": DpkgNames,
    "automatic": AutomaticNames,
    "python": InstalledPython,
    "conda": InstalledConda,
    "npm": InstalledNpm,
    "r": InstalledR,
    "os": OsRelease,
    "present": Presence,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def files_data(files: Files) -> dict[str, Json]:
    """Return what files say, by their paths, in the order of the paths."""
    return {path: _data(files[path]) for path in sorted(files)}


def _data(record: Record | None) -> list[Json] | None:
    """Return the kind of a file and its fields, without empty ones at the end."""
    if record is None:
        return None
    values = [_plain(getattr(record, field.name)) for field in fields(record)]
    while values and values[-1] in ([], {}, "", False):
        values.pop()
    return [_NAMES[type(record)], *values]


def _plain(value: Json) -> Json:
    """Return a field: sets as sorted lists, mappings in the order of their names."""
    if isinstance(value, frozenset):
        return [*sorted(value)]
    return {name: value[name] for name in sorted(value)} if isinstance(value, dict) else value


def read_files(data: Mapping[str, Json]) -> Files:
    """Return what files say; raises :class:`ValueError` for data of another form."""
    return {str(path): None if one is None else _record(one) for path, one in data.items()}


def _record(data: Json) -> Record:
    if not isinstance(data, list) or not data or data[0] not in _KINDS:
        raise ValueError("no file that is known")
    kind = _KINDS[data[0]]
    forms = [_FORMS[str(field.type)] for field in fields(kind)]
    if len(data) - 1 > len(forms):
        raise ValueError("more fields than are known")
    values = [form(value) for form, value in zip(forms, data[1:], strict=False)]
    return kind(*values, *(form(None) for form in forms[len(values) :]))


def _text(value: Json) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError("no text")
    return value or ""


def _names(value: Json) -> frozenset[str]:
    if value is not None and not isinstance(value, list):
        raise ValueError("no list")
    return frozenset(map(_text, value or ()))


def _texts(value: Json) -> dict[str, str]:
    if value is not None and not isinstance(value, dict):
        raise ValueError("no mapping")
    return {name: _text(text) for name, text in (value or {}).items()}


_FORMS: Mapping[str, Callable[[Json], Json]] = {
    "str": _text,
    "bool": bool,
    "frozenset[str]": _names,
    "Mapping[str, str]": _texts,
}
"""Types of fields, as the modules write them, to what reads a value."""
