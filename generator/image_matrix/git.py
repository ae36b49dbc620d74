"""Runs git as a process, and finds the command that git suggests after an error."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    command = ["git", "-C", str(root), *arguments]
    try:
        output, error, code = _communicate(command, seconds, _in_english(environment))
    except subprocess.TimeoutExpired:
        output, error, code = b"", f"nothing came within {seconds:g} seconds".encode(), -signal.SIGKILL
    except FileNotFoundError as missing:
        raise _no_git() from missing
    return subprocess.CompletedProcess(command, code, output, error)


def _communicate(
    command: list[str], seconds: float, environment: Mapping[str, str]
) -> tuple[bytes, bytes, int]:
    """Return what a command wrote to its two outputs, and its exit code; raises ``subprocess.TimeoutExpired``.

    The command gets a session of its own, so that the programs that git has started for the network end with it.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        start_new_session=True,
    ) as process:
        try:
            output, error = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return output, error, process.returncode


def _in_english(environment: Mapping[str, str] | None) -> dict[str, str]:
    return {**(os.environ if environment is None else environment), "LC_ALL": "C"}


def _no_git() -> EnvironmentFailure:
    return EnvironmentFailure("`git` is not on PATH", "install git")


def command_in(stderr: bytes) -> str | None:
    """Return the git command that git suggests, if any."""
    lines = (line.strip() for line in stderr.decode(errors="replace").splitlines())
    return next((line for line in lines if line.startswith("git ")), None)
