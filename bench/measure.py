"""Whole processes: wall seconds and peak memory, by the operating system's own account."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHON = sys.executable
IMAGE_MATRIX = (PYTHON, "-m", "image_matrix")
REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process."""

    seconds: float
    megabytes: float
    code: int


def run(command: Sequence[str], cwd: Path = REPOSITORY, cache: Path | None = None) -> Run:
    """Run a command to its end, its output thrown away; ``cache`` takes the place of the user's cache folder."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(cache)
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Run(time.perf_counter() - start, usage.ru_maxrss / 1024, process.returncode)


def _environment(cache: Path | None) -> dict[str, str]:
    own_cache = {} if cache is None else {"XDG_CACHE_HOME": str(cache)}
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), **own_cache}


def interleaved(commands: Sequence[Sequence[str]], rounds: int, cwd: Path = REPOSITORY) -> list[float]:
    """Return the median seconds of each command, run in turn so that a drifting machine hits all alike."""
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(rounds + 1):
        for at, command in enumerate(commands):
            times[at].append(run(command, cwd).seconds)
    return [statistics.median(found[1:]) for found in times]


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table with a title."""
    lines = [f"## {title}", "", f"| {' | '.join(header)} |", f"| {' | '.join('---' for _ in header)} |"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join([*lines, ""])
