from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.process import KEPT, by_line

if TYPE_CHECKING:
    from pathlib import Path

TALK = """\
import os, sys
print("first", flush=True)
print("terminal" if sys.stderr.isatty() else "pipe", os.environ["A"], os.getcwd(), file=sys.stderr)
sys.stderr.buffer.write(b"\\xff odd\\n")
sys.exit(7)
"""


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_every_line_is_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    ended = by_line(program(TALK), tmp_path, {"A": "b"}, shown.append)
    assert shown == ["first", f"pipe b {tmp_path}", "\ufffd odd"]
    assert (ended.code, ended.tail) == (7, "\n".join(shown))


def test_the_end_is_kept(tmp_path: Path) -> None:
    text = f"import sys\nfor n in range({KEPT + 5}): print(n, file=sys.stderr)"
    ended = by_line(program(text), tmp_path, {}, lambda _: None)
    assert ended.tail.splitlines() == [str(number) for number in range(5, KEPT + 5)]


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


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        by_line(["no-such-program"], tmp_path, {}, lambda _: None)
