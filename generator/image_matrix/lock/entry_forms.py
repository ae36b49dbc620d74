"""Reads the values of a lock by their form: mappings, lists and texts; whatever is of another one is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

ANY = re.compile(r"[^\x00-\x20\x7f]+")
"""A key that others have made up: a reference, a platform, a name."""


class BadEntryError(Exception):
    """An entry is not of the expected form; has its path, and the problem in words."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(problem)


def mapping_of(value: Json, path: Path) -> dict[str, Json]:
    """Return a mapping, an empty one for nothing; raises :class:`BadEntryError` for all else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadEntryError(path, "a mapping is expected here")
    return value


def list_of(value: Json, path: Path) -> list[Json]:
    """Return a list, an empty one for nothing; raises :class:`BadEntryError` for all else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadEntryError(path, "a list is expected here")
    return value


def section(top: Mapping[str, Any], name: str, keys: re.Pattern[str]) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a section, whose keys have a form; raises :class:`BadEntryError`."""
    for key, value in mapping_of(top.get(name), (name,)).items():
        yield text_of(key, keys, (name, key)), value


def text_of(value: Json, form: re.Pattern[str], path: Path) -> str:
    """Return a text of a form; raises :class:`BadEntryError` for all else."""
    if not isinstance(value, str) or not form.fullmatch(value):
        raise BadEntryError(path, f"`{value}` is not what is expected here")
    return value


def strings(value: Json, path: Path, keys: re.Pattern[str], values: re.Pattern[str]) -> dict[str, str]:
    """Return a mapping of texts whose keys and values have a form; raises :class:`BadEntryError`."""
    return {
        text_of(key, keys, (*path, key)): text_of(item, values, (*path, key))
        for key, item in mapping_of(value, path).items()
    }


def texts(
    top: Mapping[str, Any], name: str, keys: re.Pattern[str], values: re.Pattern[str]
) -> dict[str, str]:
    """Return a section of texts whose keys and values have a form; raises :class:`BadEntryError`."""
    return strings(top.get(name), (name,), keys, values)


def times(top: Mapping[str, Any], name: str, values: re.Pattern[str], form: str) -> dict[str, str]:
    """Return a section of days or moments, which a calendar has; ``form`` is theirs for ``strptime``.

    Raises :class:`BadEntryError` for others.
    """
    section = texts(top, name, ANY, values)
    for key, text in section.items():
        try:
            datetime.strptime(text, form)
        except ValueError:
            raise BadEntryError((name, key), f"no calendar has `{text}`") from None
    return section


def words(value: Json, path: Path, form: re.Pattern[str]) -> tuple[str, ...]:
    """Return a list of texts of a form; raises :class:`BadEntryError`."""
    return tuple(text_of(item, form, (*path, at)) for at, item in enumerate(list_of(value, path)))
