"""What is released is known in a clone that has the release branch, and nowhere else."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from image_matrix.cli.released_entries import released_entries
from image_matrix.cli.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_nothing_is_known_without_a_git_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    session = Session(tmp_path, "matrix.yaml", ())
    assert released_entries(session, "release") is None
    assert "this folder is in no git repository" in capsys.readouterr().err
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    assert released_entries(session, "release") == {}
    assert capsys.readouterr().err == ""
