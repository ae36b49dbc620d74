"""How long the home template takes on its way into a home, against a plain copy, and again when nothing changed."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.measure import REPOSITORY, run, table
from tests.network_home import network_home

ROUNDS = 3
FILES = 1000
SCRIPT = REPOSITORY / "templates/rootfs/base/usr/local/lib/image-matrix/home_sync.py"
MILLISECONDS = 2.0
"""Of each request to the slow home. It is a FUSE file system in Python, on this machine: its own work comes on top."""


def report() -> str:
    """Measure a template of 1000 files in 50 folders: first start, the next one, and `cp`, which asks nothing."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        template = Path(name) / "template"
        for number in range(FILES):
            file = template / f"folder{number // 20}" / f"file{number}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x" * 2000)
        rows.append(_row("local disk", template, None, "≤ 1"))
        rows.append(_row(f"file server, {MILLISECONDS:.0f} ms a request", template, MILLISECONDS, ""))
    return table("Homes", ("home", "first start s", "next start s", "cp -rn s", "goal s"), rows)


def _row(home: str, template: Path, latency: float | None, goal: str) -> tuple[str, ...]:
    sync = (sys.executable, "-I", str(SCRIPT), str(template))
    copy = ("cp", "-rn", f"{template}/.")
    times = [_starts(sync, copy, latency) for _ in range(ROUNDS)]
    medians = [statistics.median(column) for column in zip(*times, strict=True)]
    return home, *(f"{seconds:.2f}" for seconds in medians), goal


def _starts(
    sync: tuple[str, ...], copy: tuple[str, ...], latency: float | None
) -> tuple[float, float, float]:
    """Return the seconds of a first and a next start in one home, and of a copy into another."""
    first, following = _into(latency, sync, sync)
    (copied,) = _into(latency, copy)
    return first, following, copied


def _into(latency: float | None, *commands: tuple[str, ...]) -> list[float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        home = folder
        if latency is not None:
            home = stack.enter_context(network_home(folder, "--latency", str(latency))).path
        found = []
        for command in commands:
            began = time.perf_counter()
            run((*command, str(home)))
            found.append(time.perf_counter() - began)
        return found
