"""A long command that is watched while it works: line by line, or as its own display on a terminal."""

from __future__ import annotations

import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 400
"""Lines of the end of a log that are kept."""
PATIENCE = 15.0
"""Seconds that an interrupted command has to stop what it started."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    tail: str
    """The end of what it printed, without a terminal's control sequences."""


Watch = Callable[[list[str], Path, Mapping[str, str]], Ended]
"""Runs a command in a folder with an environment."""


def by_line(
    command: list[str], folder: Path, environment: Mapping[str, str], show: Callable[[str], None]
) -> Ended:
    """Run a command and show every line that it prints to standard error."""
    tail: deque[str] = deque(maxlen=KEPT)
    with _started(command, folder, environment, subprocess.PIPE) as process:
        assert process.stderr is not None  # noqa: S101 - asked for above
        for raw in process.stderr:
            line = raw.decode(errors="replace").rstrip("\n")
            show(line)
            tail.append(line)
    return Ended(process.returncode, "\n".join(tail))


def on_terminal(
    command: list[str], folder: Path, environment: Mapping[str, str], terminal: IO[bytes]
) -> Ended:
    """Run a command that draws on a terminal: it gets one of its own, whose output goes to ours as it is."""
    import termios

    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, termios.tcgetwinsize(terminal))
    tail: deque[bytes] = deque(maxlen=KEPT)
    try:
        with _started(command, folder, environment, theirs) as process:
            os.close(theirs)
            try:
                _pass_on(ours, terminal, tail)
            except KeyboardInterrupt:
                process.terminate()
                _pass_on(ours, terminal, tail)  # its last words, which leave the terminal as it was
                raise
    finally:
        os.close(ours)
    text = _CONTROL.sub("", b"".join(tail).decode(errors="replace"))
    return Ended(process.returncode, "\n".join(text.splitlines()[-KEPT:]))


def _pass_on(ours: int, terminal: IO[bytes], tail: deque[bytes]) -> None:
    """Draw what arrives until the other side is closed, which Linux says with EIO."""
    import termios

    with suppress(OSError):
        while chunk := os.read(ours, 65536):
            termios.tcsetwinsize(ours, termios.tcgetwinsize(terminal))
            terminal.write(chunk)
            terminal.flush()
            tail.append(chunk)


@contextmanager
def _started(
    command: list[str], folder: Path, environment: Mapping[str, str], errors: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command; where we are interrupted it is told to stop, and may clean up."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
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
