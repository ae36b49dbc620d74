"""Runs git as a process, and finds the command that git suggests after an error."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure

END_SECONDS = 5.0
"""How long git may take to end after it was told to."""

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def run_git(
    root: Path, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder and return the result, in English; raises :class:`EnvironmentFailure` without git."""
    command = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(
            command, input=stdin, capture_output=True, check=False, env=_in_english(environment)
        )
    except FileNotFoundError as error:
        raise _no_git() from error


def run_git_within(
    seconds: float, root: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git like :func:`run_git`, at most so long: after that, its error says that nothing came.

    git cannot ask for a password here. Raises :class:`EnvironmentFailure` without git.
    """
    answer = _answer_within(seconds, root, arguments, environment, alone=True)
    if answer is not None:
        return answer
    nothing = f"nothing came within {seconds:g} seconds".encode()
    return subprocess.CompletedProcess(arguments, -signal.SIGKILL, b"", nothing)


def ask_remote(
    seconds: float, root: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes] | None:
    """Run git like :func:`run_git`, at most so long; return ``None`` if it did not end in time.

    The ssh that git starts can ask at a terminal, for a passphrase or about a host. Raises
    :class:`EnvironmentFailure` without git.
    """
    return _answer_within(seconds, root, arguments, environment, alone=not _has_terminal())


def _answer_within(
    seconds: float,
    root: Path,
    arguments: tuple[str, ...],
    environment: Mapping[str, str] | None,
    *,
    alone: bool,
) -> subprocess.CompletedProcess[bytes] | None:
    """Run git and return the result, or ``None`` if it takes longer; ``alone`` is for :func:`_communicate`."""
    command = ["git", "-C", str(root), *arguments]
    try:
        return _communicate(command, seconds, _in_english(environment), alone=alone)
    except subprocess.TimeoutExpired:
        return None
    except FileNotFoundError as missing:
        raise _no_git() from missing


def _communicate(
    command: list[str], seconds: float, environment: Mapping[str, str], *, alone: bool
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and return the result; raises ``subprocess.TimeoutExpired``.

    ``alone`` gives it a session of its own, so that the programs that git has started for the network end with it. It
    has no terminal then.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        start_new_session=alone,
    ) as process:
        try:
            output, error = process.communicate(timeout=seconds)
        except BaseException:
            _end(process, alone=alone)
            raise
        return subprocess.CompletedProcess(command, process.returncode, output, error)


def _end(process: subprocess.Popen[bytes], *, alone: bool) -> None:
    """End git: with its session, or else so that it ends its own programs (run-command.h, ``clean_on_exit``)."""
    if alone:
        os.killpg(process.pid, signal.SIGKILL)
        return
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _has_terminal() -> bool:
    """Say whether this process has a terminal: ssh opens it by this name, whatever its streams are (tty(4))."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _in_english(environment: Mapping[str, str] | None) -> dict[str, str]:
    return {**(os.environ if environment is None else environment), "LC_ALL": "C"}


def _no_git() -> EnvironmentFailure:
    return EnvironmentFailure("`git` is not on PATH", "install git")


def command_in(stderr: bytes) -> str | None:
    """Return the git command that git suggests, if any."""
    lines = (line.strip() for line in stderr.decode(errors="replace").splitlines())
    return next((line for line in lines if line.startswith("git ")), None)


def batch_contents(output: bytes) -> Iterator[bytes | None]:
    """Split the output of ``git cat-file --batch``; ``None`` stands for an object that git does not have.

    Source: git-cat-file, "Batch output".
    """
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        header, position = output[position:end], end + 1
        if header.endswith(b" missing"):
            yield None
            continue
        size = int(header.rpartition(b" ")[2])
        yield output[position : position + size]
        position += size + 1
