"""What the lists of Kubeflow and of Open Data Hub cannot carry is reported at the line where it is lost.

Each file of kubeflow/ and opendatahub/ is an overlay of base.yaml. Those of home/ mount at a path that the hub uses.

IMAGE_MATRIX_UPDATE=1 writes the expected texts again; read the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics.report import terminal
from image_matrix.project.load import load
from tests.profiles.test_cases import texts

HERE = Path(__file__).parent


def report(*files: Path) -> str:
    try:
        return terminal(load(texts(*files), ["base"]).warnings)
    except MatrixError as error:
        return terminal(error.diagnostics)


CASES = sorted(
    path for folder in ("kubeflow", "opendatahub", "home") for path in (HERE / folder).glob("*.yaml")
)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_lost_is_reported(case: Path) -> None:
    text = report(HERE / "base.yaml", case)
    expected = case.with_suffix(".txt")
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
