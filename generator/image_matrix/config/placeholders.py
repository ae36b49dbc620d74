"""``{name}`` in texts of the matrix: what is put in for it, and which braces nothing is put in for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

DOWNLOAD = ("arch", "machine", "version")
"""What is put into a download's address."""
ACCELERATOR = ("version", "version_digits")
"""What is put into a package index and an accelerator's environment."""
_CLOSED = re.compile(r"\{([^{}]*)\}")
_BRACES = re.compile(r"\{+[^{}/]*\}+|\{+\w*|\w*\}+")
"""A name between braces, and braces that stand alone; with those next to them, as in ``{{arch}}``."""


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in: ``{python}`` to ``3.13``. What has no value stays."""
    return _CLOSED.sub(lambda match: values.get(match[1], match[0]), text)


def names(text: str) -> list[str]:
    """Return the names between braces, each once."""
    return list(dict.fromkeys(_CLOSED.findall(text)))


def strays(text: str, known: Collection[str]) -> Iterator[str]:
    """Yield every part with braces that is not one of the known placeholders."""
    for part in dict.fromkeys(_BRACES.findall(text)):
        if part not in {f"{{{name}}}" for name in known}:
            yield part
