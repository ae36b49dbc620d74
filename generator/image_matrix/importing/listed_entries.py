"""Defines what readers of files with package lists yield: entries and settings for an installer, and faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Read = Callable[[str], str]
"""Returns the text of a file by its path in the project; raises :class:`NotReadableError`."""


class NotReadableError(Exception):
    """A file cannot be read; has the problem and what to do."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem, self.advice = problem, advice
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry for an installer, and the line that it is from."""

    text: str
    file: str
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class ListedChannel:
    """A channel of conda, which counts unless the matrix names channels there."""

    name: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that a matrix cannot say."""

    problem: str
    advice: str
    file: str
    line: int
    source: str = ""
