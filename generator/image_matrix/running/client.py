"""Starts the container engine's command line on the terminal of the user."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from image_matrix.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 5.0
"""The time that the process of a log gets to end after SIGTERM."""


@contextmanager
def following(container: str, *, output: int | None) -> Iterator[subprocess.Popen[bytes]]:
    """Copy a container's log to a descriptor as it is written, until the container or the ``with`` ends.

    ``output`` is a descriptor, or a constant of :mod:`subprocess`.
    """
    process = subprocess.Popen(
        ("docker", "logs", "--follow", container),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,  # Ctrl-C reaches only this program, so that the log of the stop is still shown
    )
    try:
        yield process
    except Failure:  # of a container that has ended: its log is copied to the end
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS)
        raise
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def attached(words: tuple[str, ...]) -> int:
    """Run ``docker`` on this terminal; return its exit code."""
    with subprocess.Popen(("docker", *words)) as process:
        return process.wait()


def has_terminal() -> bool:
    """Say whether input and output are a terminal, as ``--tty`` needs."""
    return sys.stdin.isatty() and sys.stdout.isatty()
