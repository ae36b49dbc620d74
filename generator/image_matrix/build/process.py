"""A long command that is watched while it works, line by line."""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 400
"""Lines of the end of a log that are kept."""
PATIENCE = 15.0
"""Seconds that an interrupted command has to stop what it started."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    tail: str
    """The end of what it printed."""


Watch = Callable[[list[str], Path, Mapping[str, str]], Ended]
"""Runs a command in a folder with an environment."""


def by_line(
    command: list[str], folder: Path, environment: Mapping[str, str], show: Callable[[str], None]
) -> Ended:
    """Run a command and show every line that it prints to standard error."""
    tail: deque[str] = deque(maxlen=KEPT)
    with _started(command, folder, environment) as process:
        assert process.stderr is not None  # noqa: S101 - asked for above
        for raw in process.stderr:
            line = raw.decode(errors="replace").rstrip("\n")
            show(line)
            tail.append(line)
    return Ended(process.returncode, "\n".join(tail))


@contextmanager
def _started(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command; where we are interrupted it is told to stop, and may clean up."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
        process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    finally:
        if process.stderr is not None:
            process.stderr.close()
