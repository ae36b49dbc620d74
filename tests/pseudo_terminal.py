"""What a command writes to a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STREAMS = ("stdout", "stderr")


def on_terminal(
    command: Sequence[str],
    streams: Sequence[str] = STREAMS,
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> tuple[int, str]:
    """Run a command with some streams at a terminal, the others nowhere; return its exit code and what is shown.

    A terminal holds some kilobytes and then makes the command wait, so it is read while the command runs.
    Raises :class:`subprocess.TimeoutExpired` for a command that did not end by itself.
    """
    ours, theirs = os.openpty()
    out, err = (theirs if name in streams else subprocess.DEVNULL for name in STREAMS)
    with subprocess.Popen(
        command, stdout=out, stderr=err, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        end = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
        end.start()
        shown = everything(ours)
        code = process.wait()
        end.cancel()
    os.close(ours)
    if code == -signal.SIGKILL:
        raise subprocess.TimeoutExpired(command, seconds, shown)
    return code, shown.decode().replace("\r\n", "\n")


def everything(terminal: int) -> bytes:
    """Return what is written to a terminal until nobody has its other side any more."""
    parts = []
    with suppress(OSError):  # Linux' word for the end
        while part := os.read(terminal, 65536):
            parts.append(part)
    return b"".join(parts)
