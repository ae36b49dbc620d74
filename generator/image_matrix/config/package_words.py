"""Reads what people copy from a shell or a table into a list of packages: a command, a version behind its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSIONED = ("pip", "conda")
"""Lists of packages whose entries have their version behind ``==``."""
_COMMAND = re.compile(
    r"(sudo\s+)?(python3?\s+-m\s+)?(uv\s+)?(apt|apt-get|pip3?|conda|mamba|micromamba|npm)\s+(-\S+\s+)*install\s+"
    r"(-\S+\s+)*(?=[^\s-])"
)
"""The start of a command that installs packages, with options that take no value."""
_VERSION = re.compile(r"v?(\d[\w.!+*-]*)")


def without_command(text: str) -> str:
    """Return a text without a command in front of its packages: ``apt-get install -y tree`` is ``tree``."""
    return _COMMAND.sub("", text, count=1) if _COMMAND.match(text) else text


def with_versions(words: Sequence[str]) -> list[str]:
    """Join each version with the name before it, as pip and conda have it: ``six==1.17.0``."""
    return list(_joined(words))


def _joined(words: Sequence[str]) -> Iterator[str]:
    name = ""
    for word in words:
        version = _VERSION.fullmatch(word)
        if name and version:
            yield f"{name}=={version[1]}"
            name = ""
            continue
        if name:
            yield name
        name = word
    if name:
        yield name
