"""Runs git as a process, and finds the command that git suggests after an error."""

from __future__ import annotations

import os
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
    known = {**(os.environ if environment is None else environment), "LC_ALL": "C"}
    command = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(command, input=stdin, capture_output=True, check=False, env=known)
    except FileNotFoundError as error:
        raise EnvironmentFailure("`git` is not on PATH", "install git") from error


def command_in(stderr: bytes) -> str | None:
    """Return the git command that git suggests, if any."""
    lines = (line.strip() for line in stderr.decode(errors="replace").splitlines())
    return next((line for line in lines if line.startswith("git ")), None)
