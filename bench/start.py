"""How fast commands answer, against what Python itself and the imports cost."""

from __future__ import annotations

import compileall
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import image_matrix
from bench.measure import PYTHON, interleaved, run, table

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 11
IMPORTS = (PYTHON, "-c", "import click, jinja2, jsonschema, networkx, ruamel.yaml")


def report() -> str:
    """Measure ``--version``, and ``check`` with an empty cache and with the one that it leaves."""
    # as pip does: where PYTHONDONTWRITEBYTECODE is set, a checkout would be compiled at every start
    compileall.compile_dir(Path(image_matrix.__file__).parent, quiet=1)
    program = shutil.which("image-matrix", path=PYTHON.rpartition("/")[0]) or "image-matrix"
    nothing, version = interleaved([(PYTHON, "-c", "pass"), (program, "--version")], ROUNDS)
    imports, first, second = _imports_and_checks((program, "check", "--no-diff"))
    libraries = "importing the five libraries"
    rows = [
        _row("image-matrix --version", version, "python -c pass", nothing, "≤ 5"),
        _row("image-matrix check, first run", first, libraries, imports, ""),
        _row("image-matrix check, second run", second, libraries, imports, "≤ 0.8"),
    ]
    return table("Answers", ("command", "ms", "against", "ms", "ratio", "goal"), rows)


def _imports_and_checks(check: Sequence[str]) -> list[float]:
    """Return median seconds of the imports, and of the first and the second ``check`` with a cache."""
    times: list[list[float]] = [[], [], []]
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder)
            runs = [run(IMPORTS), run(check, cache=cache), run(check, cache=cache)]
        for of_command, done in zip(times, runs, strict=True):
            of_command.append(done.seconds)
    return [statistics.median(of_command) for of_command in times]


def _row(command: str, seconds: float, against: str, base: float, goal: str) -> tuple[str, ...]:
    return command, f"{seconds * 1000:.0f}", against, f"{base * 1000:.0f}", f"{seconds / base:.2f}", goal
