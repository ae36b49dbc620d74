"""Finds what in the digest file of the release branch is not as a release writes it, and in which line.

A digest of another form would be pulled by every node, slowly and in vain.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from image_matrix.registry.reference import DIGEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from image_matrix.json_data import Json

IMAGES = "images"
"""The key of the file that has the entries."""
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?")
_REFERENCE = re.compile(rf"[^\s@]+(:[^\s@/]+|(:[^\s@/]+)?@{DIGEST.pattern})")
"""A reference with a tag, a digest or both."""
_OPTIONAL = ("instead_of", "previous")
_FORMS = {
    "digest": (DIGEST, "`sha256:` and 64 hexadecimal digits"),
    "instead_of": (DIGEST, "`sha256:` and 64 hexadecimal digits"),
    "reference": (_REFERENCE, "REPOSITORY:TAG@sha256:… with 64 hexadecimal digits"),
    "previous": (_REFERENCE, "REPOSITORY:TAG@sha256:… with 64 hexadecimal digits"),
}


def entry_faults(text: str, images: Json) -> list[str]:
    """Return what is wrong with the entries of a digest file; ``text`` is the file, for line numbers.

    Raises :class:`AttributeError` if ``images`` is no mapping.
    """
    return [
        f"{_place(text, name, images, field)}{problem}"
        for name, item in images.items()
        for field, problem in _faults(name, item)
    ]


def _faults(name: str, item: Json) -> Iterator[tuple[str, str]]:
    """Yield field and problem; an entry that is none has the empty field."""
    if not isinstance(item, dict):
        yield "", f"`{name}` is no mapping"
        return
    for field, (form, words) in _FORMS.items():
        value = item.get(field)
        if value is None and field in _OPTIONAL:
            continue
        if not isinstance(value, str) or not form.fullmatch(value):
            yield field, f"`{field}` of `{name}` is {_shown(value)}, not {words}"
    platforms = item.get("platforms", [])
    if not isinstance(platforms, list) or not all(_is_platform(one) for one in platforms):
        yield "platforms", f"`platforms` of `{name}` is {_shown(platforms)}, not a list such as linux/amd64"


def _is_platform(value: object) -> bool:
    return isinstance(value, str) and _PLATFORM.fullmatch(value) is not None


def _shown(value: object) -> str:
    return "missing" if value is None else f"`{json.dumps(value)[:80]}`"


def _place(text: str, name: str, names: Collection[str], field: str) -> str:
    """Return ``line 7: ``, the line of a field, or of its entry if it has none of its own.

    ``names`` are those of all entries. It is empty where lines say nothing: everything is in one.
    """
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) < 2:
        return ""
    top = _first(lines, 0, (IMAGES,)) or 0
    start = _first(lines, top + 1, (name,))
    if start is None:
        return ""
    end = _first(lines, start + 1, names) or len(lines)
    at = _first(lines[:end], start + 1, (field,)) if field else None
    return f"line {(start if at is None else at) + 1}: "


def _first(lines: Sequence[str], start: int, keys: Iterable[str]) -> int | None:
    """Return the position of the first line from ``start`` on that begins with one of some keys."""
    beginnings = tuple(f"{json.dumps(key)}:" for key in keys)
    return next((at for at in range(start, len(lines)) if lines[at].startswith(beginnings)), None)
