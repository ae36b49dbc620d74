from __future__ import annotations

import os
import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.git import command_in, run_git_within
from tests.pseudo_terminal import everything

if sys.platform != "win32":
    import pty

if TYPE_CHECKING:
    from pathlib import Path

LOST = b"fatal: 'origin' does not appear to be a git repository\n"
DUBIOUS = b"""\
fatal: detected dubious ownership in repository at '/work'
To add an exception for this directory, call:

\tgit config --global --add safe.directory /work
"""


def test_what_git_advises() -> None:
    assert command_in(DUBIOUS) == "git config --global --add safe.directory /work"
    assert command_in(LOST) is None


@pytest.mark.parametrize("scheme", ["http", "git"])
def test_a_remote_that_stays_silent_is_not_waited_for(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/x"
        environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        began = time.monotonic()
        answer = run_git_within(0.5, tmp_path, "ls-remote", url, environment=environment)
        assert time.monotonic() - began < 10
        silent.settimeout(1)
        with silent.accept()[0] as connection:
            connection.settimeout(5)
            while connection.recv(4096):  # until the program that git has started has ended too
                pass
    assert answer.returncode
    assert answer.stderr == b"nothing came within 0.5 seconds"


def test_what_git_answers_in_time(tmp_path: Path) -> None:
    answer = run_git_within(20, tmp_path, "rev-parse", "--nonsense")
    assert answer.returncode > 0
    assert answer.stderr.startswith(b"fatal: ")
    assert run_git_within(20, tmp_path, "--version").stdout.startswith(b"git version ")


PASSPHRASE = """#!/bin/sh
printf 'Enter passphrase: ' > /dev/tty
read -r given < /dev/tty
printf '%s' "$given"
"""
ASKING = "import sys; from pathlib import Path; from image_matrix.git import ask_remote; {}"
ANSWERED = ASKING.format("print('answered', ask_remote(60, Path(), 'ls-remote', 'origin').stdout.decode())")
ENDED = ASKING.format("print('ended', ask_remote(0.5, Path(), 'ls-remote', 'origin'))")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("program", "typed", "last"),
    [(ANSWERED, b"open sesame\n", "answered open sesame"), (ENDED, b"", "ended None")],
)
def test_git_may_ask_at_a_terminal(tmp_path: Path, program: str, typed: bytes, last: str) -> None:
    """ssh asks there for the passphrase of a key: what git starts has the terminal of the command."""
    git = tmp_path / "git"
    git.write_text(PASSPHRASE)
    git.chmod(0o755)
    child, terminal = pty.fork()
    if not child:
        os.execve(  # noqa: S606 - no shell is wanted
            sys.executable,
            [sys.executable, "-c", program],
            {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        )
    os.write(terminal, typed)
    shown = everything(terminal).decode()
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0, shown
    assert "Enter passphrase: " in shown
    assert shown.splitlines()[-1].endswith(last)


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailure, match="is not on PATH"):
        run_git_within(20, tmp_path, "--version")
