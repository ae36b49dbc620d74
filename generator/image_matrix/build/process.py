"""Runs a long command and shows its output line by line while it runs."""

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
"""Number of lines at the end of a log that are kept."""
PATIENCE = 15.0
"""Seconds that an interrupted command has to stop its children."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The exit code of a command, and the end of its output."""

    code: int
    tail: str
    """The last lines that it printed."""


Runner = Callable[[list[str], Path, Mapping[str, str]], Completed]
"""Runs a command in a folder with an environment."""


def by_line(
    command: list[str], folder: Path, environment: Mapping[str, str], show: Callable[[str], None]
) -> Completed:
    """Run a command and show every line that it prints, to standard output, too: there buildah has its steps."""
    tail: deque[str] = deque(maxlen=KEPT)
    with _started(command, folder, environment) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            show(line)
            tail.append(line)
    return Completed(process.returncode, "\n".join(tail))


@contextmanager
def _started(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command. An interruption terminates it, after time to clean up."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
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
        if process.stdout is not None:
            process.stdout.close()
