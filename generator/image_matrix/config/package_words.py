"""Reads what people copy from a shell or a table into a list of packages: a command, a version behind its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

VERSIONED = ("pip", "conda")
"""Lists of packages whose entries have their version behind ``==``."""
_COMMAND = re.compile(
    r"(sudo\s+)?(python3?\s+-m\s+)?(uv\s+)?(apt|apt-get|pip3?|conda|mamba|micromamba|npm)\s+(-\S+\s+)*install\s+"
    r"(-\S+\s+)*(?=[^\s-])"
)
"""The start of a command that installs packages, with options that take no value."""
_VERSION = re.compile(r"v?(\d[\w.!+*-]*)")
_OTHER_SIGN = re.compile(r"([A-Za-z0-9][\w.-]*)[=:@]v?(\d[\w.!+*-]*)")
"""A version behind the sign of conda, Docker or npm."""


def without_command(text: str) -> str:
    """Return a text without a command in front of its packages: ``apt-get install -y tree`` is ``tree``."""
    return _COMMAND.sub("", text, count=1) if _COMMAND.match(text) else text


def several(text: str) -> list[str]:
    """Split what may be several packages: at blanks, and at commas that no version follows."""
    return re.split(" |, ?(?=[A-Za-z])", text)


def with_versions(words: Sequence[str]) -> list[str]:
    """Join each version with the name before it, as pip and conda have it: ``six==1.17.0``."""
    return list(
        _joined(_OTHER_SIGN.sub(r"\1==\2", word) if _OTHER_SIGN.fullmatch(word) else word for word in words)
    )


def _joined(words: Iterable[str]) -> Iterator[str]:
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
