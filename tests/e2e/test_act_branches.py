"""Branches of the repository that act runs in, with nothing but git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.act import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A clone of a repository with one commit on main."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(remote)], check=True)
    clone = ["git", "clone", "--quiet", str(remote), str(tmp_path / "work")]
    subprocess.run(clone, check=True, capture_output=True)
    made = Repository(tmp_path, "", "", tmp_path)
    for name, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
        made.git("config", name, value)
    made.git("checkout", "-q", "-B", "main")
    (made.root / "matrix.yaml").write_text("version: 1\n")
    made.commit("Start")
    return made


def test_a_branch_starts_from_main_whatever_a_failed_test_left(repository: Repository) -> None:
    repository.start("change")
    (repository.root / "matrix.yaml").write_text("version: 2\n")
    repository.commit("Of the first try")
    (repository.root / "matrix.yaml").write_text("version: 3\n")
    (repository.root / "matrix.lock.yaml").write_text("")
    repository.start("change")
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("rev-parse", "HEAD") == repository.git("rev-parse", "origin/main")
    repository.commit("Of the second try")
    assert repository.git("ls-remote", "origin", "change").split()[0] == repository.git("rev-parse", "HEAD")
