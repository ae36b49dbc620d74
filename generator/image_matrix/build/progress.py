"""Shows a build on a terminal, each step once, when it starts; for the logs of buildx and of buildah."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BUILDX_STEP = re.compile(r"#\d+ (?:\[(?!internal\]|auth\])|exporting to |ERROR: )")
"""The first line of a step in buildx' plain log, or its error; buildx' internal steps are left out."""
BUILDAH_STEP = re.compile(r"(?:\[\d+/\d+\] )?STEP \d+/\d+: |Trying to pull |Error: ")
"""The first line of a step in buildah's log, of a pull, or its error."""
_OPTION = re.compile(r" +--[a-z]+=\S+")
"""Options of RUN and COPY: mounts are the same in every step, and longer than a line."""


_NUMBERED = re.compile(r"#(?P<step>\d+) (?:(?P<cached>CACHED)$|\[(?:[^\]]* )?\d+/\d+\] )")
"""A step of a Dockerfile, which has its number among all of its stage; or the line that says it is from a cache."""
_BUILDAH_NUMBERED = re.compile(r"(?:\[\d+/\d+\] )?STEP \d+/\d+: (?!FROM )")
"""A step of buildah's log; it does nothing for a FROM."""


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

    def read_buildah(self, line: str) -> None:
        """Take a line of buildah's log, whose steps start at 1 in every image."""
        if _BUILDAH_NUMBERED.match(line):
            self.steps.add(str(len(self.steps) + 1))
        elif line.startswith("--> Using cache "):
            self.cached.add(str(len(self.steps)))


@dataclass(frozen=True, slots=True)
class LogFormat:
    """How to read the log of an engine."""

    step: re.Pattern[str]
    """What the first line of a step begins with."""
    excerpt: Callable[[str], str]
    """Returns the part of a log that describes a failure."""


def each_step(
    show: Callable[[str], None], width: int, step: re.Pattern[str] = BUILDX_STEP
) -> Callable[[str], None]:
    """Return a function that takes the lines of a plain log and shows each step in at most ``width`` characters.

    buildx repeats a step's first line whenever its output continues after the output of another step.
    """
    shown: set[str] = set()

    def line(text: str) -> None:
        if text not in shown and step.match(text):
            shown.add(text)
            show(_OPTION.sub("", text)[:width])

    return line
