"""Runs programs and returns what they print as text; with retries where they access registries and signing services."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

from image_matrix.retry import PATIENCE, names_rate_limit, persevere, retry_policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.retry import RetryPolicy, Sleep

ProgramRunner = Callable[[Sequence[str]], CompletedProcess[str]]
"""Runs a program and returns the result."""


def run_once(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    seconds: float | None = None,
) -> CompletedProcess[str]:
    """Run a program and return the result, in which U+FFFD stands for bytes that are not UTF-8.

    Raises :class:`OSError` if it cannot be started, and ``subprocess.TimeoutExpired`` after so many seconds.
    """
    return subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=environment,
        cwd=folder,
        timeout=seconds,
    )


def run_patiently(command: Sequence[str], sleep: Sleep | None = None) -> CompletedProcess[str]:
    """Run a program and return the result, with retries if it reports that the server is unavailable."""
    return persevere(lambda: run_once(command), _judge, sleep or time.sleep)


def _judge(ended: CompletedProcess[str]) -> RetryPolicy | None:
    return retry_policy(ended.stderr) if ended.returncode else None


def advice(stderr: str, otherwise: str) -> str:
    """Return the help for a program's error: to wait, if it names a rate limit, else ``otherwise``."""
    return PATIENCE if names_rate_limit(stderr) else otherwise
