"""Shows a build on a terminal: each step once, when it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = re.compile(r"#\d+ (?:\[(?!internal\]|auth\])|exporting to |ERROR: )")
"""The first line of a step in buildx' plain log, or its error; buildx' internal steps are left out."""
_OPTION = re.compile(r" +--[a-z]+=\S+")
"""Options of RUN and COPY: mounts are the same in every step, and longer than a line."""


_NUMBERED = re.compile(r"#(?P<step>\d+) (?:(?P<cached>CACHED)$|\[(?:[^\]]* )?\d+/\d+\] )")
"""A step of a Dockerfile, which has its number among all of its stage; or the line that says it is from a cache."""


@dataclass(frozen=True, slots=True)
class StepCount:
    """The numbers of the steps of Dockerfiles that a log has, and of all that came from a cache."""

    steps: set[str] = field(default_factory=set)
    cached: set[str] = field(default_factory=set)

    def read(self, line: str) -> None:
        """Take a line of buildx' plain log."""
        match = _NUMBERED.match(line)
        if match:
            (self.cached if match["cached"] else self.steps).add(match["step"])


def each_step(show: Callable[[str], None], width: int) -> Callable[[str], None]:
    """Return a function that takes the lines of a plain log and shows each step in at most ``width`` characters.

    buildx repeats a step's first line whenever its output continues after the output of another step.
    """
    shown: set[str] = set()

    def line(text: str) -> None:
        if text not in shown and _STEP.match(text):
            shown.add(text)
            show(_OPTION.sub("", text)[:width])

    return line
