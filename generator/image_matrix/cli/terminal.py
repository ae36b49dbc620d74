"""Lines that fit a terminal. What goes to a file or a pipe is left as it is: programs read it line by line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

HANGING = "  "
USUAL = 80
"""Characters of a line where a terminal does not say how many it has."""


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Return how many characters a line of the stream, by default that of results, has; ``None`` for no terminal."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL
    except OSError:
        return USUAL


def wrapped(text: str, width: int | None) -> str:
    """Return a text whose lines are broken at spaces where they are wider than ``width``, colours not counted."""
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _parts(line, width))


def _parts(line: str, width: int) -> Iterator[str]:
    """Yield the parts of a line; a word that is wider than the terminal stays whole, to be copied."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    part, empty = indent, True
    for word in line[len(indent) :].split(" "):
        if not empty and _wide(part) + 1 + _wide(word) > width:
            yield part
            part, empty = indent + HANGING, True
        part, empty = part + ("" if empty else " ") + word, False
    yield part


def _wide(text: str) -> int:
    return len(click.unstyle(text))
