"""Slips of people who type YAML: guesses at what is wrong with a line, each with the line as it was meant.

A guess is nothing more: :mod:`image_matrix.config.yaml_hints.rank` keeps the one with which the parser gets furthest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Slip:
    """What may be wrong with a line, at a column from 0, and the line without it."""

    column: int
    problem: str
    advice: str
    mended: str
    width: int | None = None
    """How many characters are wrong; the word at the column where it is ``None``."""


Guess: TypeAlias = Callable[[Sequence[str], int], Iterator[Slip]]
"""All lines and the number of one, to what may be wrong with that one."""

TAB = "a tab stands in the indentation", "indent with spaces; YAML does not allow tabs there"

_KEY = re.compile(r"\s*(?:- +)*[^\s#-].*?:(\s|$)")


def shown(text: str) -> str:
    """Return what to write, in backquotes, its end left out where it is long."""
    return f"`{text}`" if len(text) <= 70 else f"`{text[:67].rstrip()} …`"


def indent(line: str) -> int:
    """Return how many spaces a line starts with."""
    return len(line) - len(line.lstrip(" "))


def is_key(line: str) -> bool:
    """Say whether a line looks like ``key: value``, or the first such of a list entry."""
    return _KEY.match(line) is not None


def above(lines: Sequence[str], at: int) -> int:
    """Return the number of the next line above that says something, or this line's."""
    return next((n for n in range(at - 1, -1, -1) if _speaks(lines[n])), at)


def below(lines: Sequence[str], at: int) -> int:
    """Return the number of the next line below that says something, or this line's."""
    return next((n for n in range(at + 1, len(lines)) if _speaks(lines[n])), at)


def starts_above(lines: Sequence[str], at: int) -> Iterator[tuple[int, str]]:
    """Yield where the lines above start, with their texts, the nearest first, back to one at the left."""
    for line in reversed(lines[max(0, at - 100) : at]):
        if _speaks(line):
            yield indent(line), line.strip()
            if not indent(line):
                return


def opens_block(lines: Sequence[str], at: int) -> bool:
    """Say whether a line has no value behind its name, and what stands below belongs to it."""
    name = re.sub(r"\s+#.*", "", lines[at]).strip().removesuffix(":")
    after = lines[below(lines, at)]
    own = indent(after) > indent(lines[at]) or after.startswith(" " * indent(lines[at]) + "- ")
    return own and re.fullmatch(r"[\w./-]+", name) is not None


def _speaks(line: str) -> bool:
    return line.strip()[:1] not in ("", "#")
