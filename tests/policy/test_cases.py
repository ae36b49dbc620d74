"""Every folder below cases is a repository, with what its policies do not allow on one day.

`overlay.yaml` is laid over it, `organisation.yaml` is the text of the variable, `before.yaml` the matrix of an earlier
commit. IMAGE_MATRIX_UPDATE=1 writes the expected files anew; read the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from image_matrix.cli.project import Project, load_project
from image_matrix.config.policy import project_policies
from image_matrix.diagnostics.report import terminal
from image_matrix.policy.changes import loosened
from image_matrix.policy.check import violations
from image_matrix.project.inputs import read_inputs
from image_matrix.project.organisation import policy_of_text

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir())
TODAY = "2026-11-29"


def project(*overlays: str, matrix: str = "matrix.yaml") -> Project:
    return load_project(read_inputs(Path(), matrix, overlays))


def said(folder: Path) -> str:
    overlays = [path.name for path in folder.glob("overlay.yaml")]
    opened = project(*overlays)
    others = [
        one
        for file in folder.glob("organisation.yaml")
        for one in policy_of_text(file.read_text(), "IMAGE_MATRIX_POLICY")
    ]
    found = violations([*opened.loaded.policies, *others], opened.loaded, opened.pins, TODAY)
    for file in folder.glob("before.yaml"):
        before = project_policies(project(matrix=file.name).loaded, "0123456789ab")
        found += loosened(before, project_policies(opened.loaded), "0123456789ab", opened.loaded.documents)
    return terminal(found)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_is_against_a_policy_is_said(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    text, file = said(case), case / "expected.txt"
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
