"""How fast commands answer, against what Python itself and the imports cost."""

from __future__ import annotations

import compileall
import shutil
from pathlib import Path

import image_matrix
from bench.measure import PYTHON, interleaved, table

IMPORTS = (PYTHON, "-c", "import click, jinja2, jsonschema, networkx, ruamel.yaml")


def report() -> str:
    """Measure ``--version`` and ``check``."""
    # as pip does: where PYTHONDONTWRITEBYTECODE is set, a checkout would be compiled at every start
    compileall.compile_dir(Path(image_matrix.__file__).parent, quiet=1)
    program = shutil.which("image-matrix", path=PYTHON.rpartition("/")[0]) or "image-matrix"
    nothing, version = interleaved([(PYTHON, "-c", "pass"), (program, "--version")], 11)
    imports, check = interleaved([IMPORTS, (program, "check", "--no-diff")], 11)
    rows = [
        (
            "image-matrix --version",
            f"{version * 1000:.0f}",
            "python -c pass",
            f"{version / nothing:.1f}",
            "≤ 6",
        ),
        (
            "image-matrix check",
            f"{check * 1000:.0f}",
            "importing the five libraries",
            f"{check / imports:.2f}",
            "≤ 1.0",
        ),
    ]
    return table("Answers", ("command", "ms", "against", "ratio", "goal"), rows)
