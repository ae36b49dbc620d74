"""Programs that talk to registries and signing services: run, and run again where that helps."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

from image_matrix.retry import PATIENCE, names_rate_limit, persevere, worth

if TYPE_CHECKING:
    from image_matrix.retry import Again, Sleep

Run = Callable[[Sequence[str]], CompletedProcess[str]]
"""Runs a program and returns how it ended."""


def run_once(command: Sequence[str]) -> CompletedProcess[str]:
    """Run a program and return how it ended."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run_patiently(command: Sequence[str], sleep: Sleep | None = None) -> CompletedProcess[str]:
    """Run a program and return how it ended; again where it says that the other side cannot answer for the moment."""
    return persevere(lambda: run_once(command), _judge, sleep or time.sleep)


def _judge(ended: CompletedProcess[str]) -> Again | None:
    return worth(ended.stderr) if ended.returncode else None


def advice(stderr: str, otherwise: str) -> str:
    """Return what helps against what a program printed: patience against a rate limit, ``otherwise`` the rest."""
    return PATIENCE if names_rate_limit(stderr) else otherwise
