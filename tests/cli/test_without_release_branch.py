"""What commands about releases say without a repository, without a remote, and without a release."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.released_entries import released_entries
from image_matrix.cli.session import Session
from tests.cli.conftest import Repository

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: localhost:9/team
workflow: none
release: {scan: trivy}
sources: {debian: "docker.io/library/debian:trixie-slim"}
images: {base: {from: debian, kind: base}}
"""
COMMANDS = (("prune",), ("scan", "--released"))


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repository:
    root = tmp_path / "team"
    root.mkdir()
    (root / "matrix.yaml").write_text(MATRIX)
    return Repository(root, capsys)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_repository(repository: Repository, command: tuple[str, ...]) -> None:
    ran = repository(*command)
    assert ran.code == 3
    assert ran.err.splitlines()[-2:] == [
        "error: this is not a git repository",
        "  help: releases are on a branch of the repository: call this in a clone of it",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_remote(repository: Repository, command: tuple[str, ...]) -> None:
    git(repository.root, "init", "--quiet")
    ran = repository(*command)
    assert ran.code == 3
    assert ran.err.splitlines()[-2:] == [
        "error: this repository has no remote `origin`",
        "  help: releases are on a branch of it: `git remote add origin ADDRESS`",
    ]


def test_before_the_first_release_nothing_is_unknown(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor in a clone of one branch, which `git fetch` alone does not bring another one."""
    session = Session(repository.root, "matrix.yaml", (), 0)
    assert released_entries(session, "release") == {}
    git(repository.root, "init", "--quiet", "--initial-branch=main")
    git(repository.root, "commit", "--quiet", "--allow-empty", "--message=Begin")
    clone = repository.root.parent / "clone"
    git(repository.root, "clone", "--quiet", "--single-branch", str(repository.root), str(clone))
    session = Session(clone, "matrix.yaml", (), 0)
    assert released_entries(session, "release") == {}
    assert capsys.readouterr().err == ""
    git(repository.root, "branch", "release")
    assert released_entries(session, "release") is None
    said = capsys.readouterr().err
    assert said == (
        "note: this clone has no branch `release`, so what is released is not known; "
        "`git fetch origin release:refs/remotes/origin/release` brings it\n"
    )
    git(clone, "fetch", "origin", "release:refs/remotes/origin/release")
    assert released_entries(session, "release") == {}
