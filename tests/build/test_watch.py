from __future__ import annotations

import io
import os
import sys
import termios
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.process import KEPT, by_line, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

TALK = """\
import os, sys
print("not for us")
print("terminal" if sys.stderr.isatty() else "pipe", os.environ["A"], os.getcwd(), file=sys.stderr)
sys.stderr.buffer.write(b"\\xff odd\\n")
sys.exit(7)
"""


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_every_line_is_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    ended = by_line(program(TALK), tmp_path, {"A": "b"}, shown.append)
    assert shown == [f"pipe b {tmp_path}", "\ufffd odd"]
    assert (ended.code, ended.tail) == (7, "\n".join(shown))


def test_the_end_is_kept(tmp_path: Path) -> None:
    text = f"import sys\nfor n in range({KEPT + 5}): print(n, file=sys.stderr)"
    ended = by_line(program(text), tmp_path, {}, lambda _: None)
    assert ended.tail.splitlines() == [str(number) for number in range(5, KEPT + 5)]


def test_a_terminal_is_drawn_on_with_its_size(tmp_path: Path) -> None:
    text = """\
import os, sys
assert sys.stderr.isatty()
sys.stderr.write("\\x1b[1A\\x1b[32m%s %s\\x1b[0m\\n" % tuple(os.get_terminal_size(2)))
sys.exit(3)
"""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (33, 77))
    with os.fdopen(theirs, "wb", buffering=0) as terminal:
        ended = on_terminal(program(text), tmp_path, {}, terminal)
        drawn = os.read(ours, 1000)
    os.close(ours)
    assert b"\x1b[1A\x1b[32m77 33\x1b[0m" in drawn
    assert (ended.code, ended.tail) == (3, "77 33")


WAIT = """\
import pathlib, signal, sys, time
def stop(*_):
    pathlib.Path("stopped").touch()
    sys.exit(1)
signal.signal(signal.SIGTERM, stop)
print("started", file=sys.stderr, flush=True)
time.sleep(60)
"""


def test_who_is_interrupted_stops_the_command(tmp_path: Path) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        by_line(program(WAIT), tmp_path, {}, interrupted)
    assert (tmp_path / "stopped").exists()


class Interrupted(io.RawIOBase):
    """A terminal at which somebody presses Ctrl-C as soon as something is drawn."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.drawn = b""

    def fileno(self) -> int:
        return self.descriptor

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        first, self.drawn = not self.drawn, self.drawn + chunk
        if first:
            raise KeyboardInterrupt
        return len(chunk)


def test_who_is_interrupted_at_a_terminal_sees_the_end(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    terminal = Interrupted(theirs)
    text = WAIT.replace("sys.exit(1)", 'sys.exit("last words")')
    with pytest.raises(KeyboardInterrupt):
        on_terminal(program(text), tmp_path, {}, terminal)  # type: ignore[arg-type]
    assert (tmp_path / "stopped").exists()
    assert terminal.drawn == b"started\r\nlast words\r\n"
    os.close(theirs)
    os.close(ours)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        by_line(["no-such-program"], tmp_path, {}, lambda _: None)
