"""Finds what in the digest file of the release branch is not as a release writes it, each with its line.

A digest of another form would be pulled by every node, slowly and in vain.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from image_matrix.registry.reference import DIGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.json_data import Json

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
        f"{_place(text, name, field)}{problem}"
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


def _place(text: str, name: str, field: str) -> str:
    """Return ``line 7: `` for a field where each stands in a line of its own; empty where they do not."""
    lines = text.splitlines()
    start = next(
        (at for at, line in enumerate(lines) if line.lstrip().startswith(f"{json.dumps(name)}:")), None
    )
    if start is None:
        return ""
    matching = (
        at
        for at, line in enumerate(lines[start:], start)
        if not field or line.lstrip().startswith(f'"{field}":')
    )
    return f"line {next(matching, start) + 1}: "
