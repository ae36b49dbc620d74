"""Replaces ``{name}`` and ``{name.part}`` in texts of the matrix; ``{{`` and ``}}`` are braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PARTS = ("major", "minor", "patch")
"""Single numbers of a version, as in docker/metadata-action."""
RESERVED = (
    "arch",
    "commit",
    "date",
    "from",
    "image",
    "key",
    "machine",
    "package",
    "release",
    "variant",
    "version",
)
"""Names that placeholders have already; no axis has one of them."""
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_PART = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")
"""Escaped braces, placeholders, and braces that are neither."""


def version_parts(name: str, value: str) -> dict[str, str]:
    """Return what ``{name}`` and its parts stand for: ``3.13`` has a major and a minor, and no patch."""
    numbers = re.match(r"\d+(?:\.\d+)*", value)
    parts = zip(PARTS, numbers[0].split("."), strict=False) if numbers else ()
    return {name: value, **{f"{name}.{part}": number for part, number in parts}}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in: ``{python}`` to ``3.13``, ``{{`` to ``{``. What has no value stays."""
    if "{" not in text and "}" not in text:
        return text
    return _PLACEHOLDER.sub(lambda match: _filled(match, values), text)


def _filled(match: re.Match[str], values: Mapping[str, str]) -> str:
    name: str | None = match[1]
    return match[0][0] if name is None else values.get(name, match[0])


def unknown_placeholders(text: str, known: Collection[str]) -> Iterator[str]:
    """Yield every part with braces that is neither a known placeholder nor an escaped brace, each once."""
    if "{" not in text and "}" not in text:
        return
    for part in dict.fromkeys(_PART.findall(text)):
        if part not in ("{{", "}}") and part[1:-1] not in known:
            yield part
