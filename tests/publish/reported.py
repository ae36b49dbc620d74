"""Reports the scan of the base image, to a terminal and to the page of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.project import Project
from image_matrix.cli.scan_verdict import report_verdict
from image_matrix.cli.session import Session
from image_matrix.lock.model import Lock
from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import Keys
from image_matrix.planning.plan import State
from image_matrix.project.inputs import Inputs
from tests.workflow.matrices import TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.cli.scanner import ScanVerdict
    from image_matrix.config.loaded import Loaded

BASE = "base:default"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of a run of GitHub Actions."""
    path = tmp_path / "summary"
    path.write_text("")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return path


def report_on_base(folder: Path, project: Loaded, verdict: ScanVerdict, verbosity: int = -1) -> None:
    """Report what came of the scan of the base image."""
    session = Session(folder, "matrix.yaml", (), verbosity)
    state = State(project, Pins(), TEMPLATES, {}, {BASE: Keys("0" * 64, {}, "default")})
    opened = Project(Inputs({}, TEMPLATES), project, Lock(), Pins())
    report_verdict(session, opened, state, (BASE, "linux/amd64"), "base@sha256:0", verdict)
