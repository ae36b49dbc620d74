"""Wraps lines to the width of a terminal.

Output to a file or a pipe is not wrapped: programs read it by line. Neither is the log of a run of GitHub Actions, also
if the runner gives its steps a terminal, as ``act`` does: the page wraps it, and people search it.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

HANGING = "  "
_WORD = re.compile(r"(?:`[^`]*`|[^ ])*")
"""Up to a space that does not stand between two backticks."""
USUAL = 80
"""Characters of a line if the terminal's width is unknown."""


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Return the width of a stream's terminal in characters, by default of stdout.

    ``None`` if it has none, or is the log of a run.
    """
    stream = stream or sys.stdout
    if not stream.isatty() or os.environ.get("GITHUB_ACTIONS") == "true":
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL
    except OSError:
        return USUAL


def wrapped(text: str, width: int | None) -> str:
    """Break the lines of a text that are wider than ``width`` at spaces; colours do not count."""
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _parts(line, width))


def _parts(line: str, width: int) -> Iterator[str]:
    """Yield the parts of a line; a word that is wider than the terminal is not broken, so that users can copy it.

    What stands in backticks is one word: a command in two lines would be two.
    """
    indent = line[: len(line) - len(line.lstrip(" "))]
    part, empty = indent, True
    for word in _words(line[len(indent) :]):
        if not empty and _wide(part) + 1 + _wide(word) > width:
            yield part
            part, empty = indent + HANGING, True
        part, empty = part + ("" if empty else " ") + word, False
    yield part


def _words(text: str) -> Iterator[str]:
    """Yield what stands between single spaces; empty texts between two of them."""
    at = -1
    while at < len(text):
        word = _WORD.match(text, at + 1)
        yield word[0] if word else ""
        at = word.end() if word else len(text)


def _wide(text: str) -> int:
    return len(click.unstyle(text))
