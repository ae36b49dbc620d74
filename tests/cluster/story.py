"""What a long test says while it goes on: what happens, and when. `make demo` prints it."""

from __future__ import annotations

import re
import textwrap
import time
from dataclasses import dataclass, field

WIDTH = 80
INDENT = 11
"""Of what is said: the time stands before it."""
JOB_ENDS = re.compile(r"^\[[^/]+/(.+?)(?:-\d+)?\s*\] 🏁  Job (succeeded|failed)$")


@dataclass
class Story:
    """Says what happens; `pytest --capture=no` shows it."""

    began: float = field(default_factory=time.monotonic)

    def seconds(self) -> float:
        """Return the time since the story began."""
        return time.monotonic() - self.began

    def chapter(self, title: str) -> None:
        """Begin what belongs together."""
        print(f"\n{title}", flush=True)

    def __call__(self, what: str, *lines: str) -> None:
        """Say what has happened, with the time since the story began, and lines that belong to it."""
        print(
            told(f"{self.seconds():7.1f} s", what), *(told("", line) for line in lines), sep="\n", flush=True
        )

    def hear(self, line: str) -> None:
        """Say which job of a workflow has ended, where a line of act's log does."""
        found = JOB_ENDS.match(line.rstrip("\n"))
        if found:
            self(f"  job {found[1]}{'' if found[2] == 'succeeded' else ': failed'}")


def told(when: str, what: str) -> str:
    """Return a step in lines of a terminal, what is said in one column."""
    deeper = " " * (len(what) - len(what.lstrip()))
    first, later = f"{when:{INDENT}}{deeper}", f"{'':{INDENT}}{deeper}"
    return textwrap.fill(
        what.strip(), WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
    )
