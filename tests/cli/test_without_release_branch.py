"""What commands about releases say without a repository, without a remote, and without a release."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
import pytest

from image_matrix.cli.release_branch import release_git
from image_matrix.cli.released_entries import released_entries
from image_matrix.cli.session import Session
from image_matrix.errors import CallError
from image_matrix.retry import FIRST_PAUSE
from tests.cli.conftest import Repository
from tests.git_commands import git

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


@pytest.fixture
def repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repository:
    root = tmp_path / "team"
    root.mkdir()
    (root / "matrix.yaml").write_text(MATRIX)
    return Repository(root, capsys)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_repository(repository: Repository, command: tuple[str, ...]) -> None:
    ran = repository(*command)
    assert ran.code == 2
    assert ran.err.splitlines()[-2:] == [
        "error: this is not a git repository",
        "  help: releases are on a branch of the repository: call this in a clone of it",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_remote(repository: Repository, command: tuple[str, ...]) -> None:
    git(repository.root, "init", "--quiet")
    ran = repository(*command)
    assert ran.code == 2
    assert ran.err.splitlines()[-2:] == [
        "error: this repository has no remote `origin`",
        "  help: releases are on a branch of it: `git remote add origin ADDRESS`",
    ]


def test_nothing_is_known_without_a_git_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.root.parent))
    session = Session(repository.root, "matrix.yaml", (), 0)
    assert released_entries(session, "release") is None
    assert "this folder is in no git repository" in capsys.readouterr().err


def test_a_folder_of_somebody_else_is_no_missing_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a container of CI; the variable is that of git's own tests."""
    git(repository.root, "init", "--quiet")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    session = Session(repository.root, "matrix.yaml", (), 0)
    assert released_entries(session, "release") is None
    note = capsys.readouterr().err
    assert "dubious ownership" in note
    assert "git config --global --add safe.directory" in note


def test_before_the_first_release_nothing_is_unknown(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor in a clone of one branch, which `git fetch` alone does not bring another one."""
    git(repository.root, "init", "--quiet", "--initial-branch=main")
    session = Session(repository.root, "matrix.yaml", (), 0)
    assert released_entries(session, "release") == {}
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


def test_a_remote_that_does_not_answer_leaves_open_what_is_released(
    repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git remote add` fetches nothing. Only a run with `fetch-depth: 0` has every branch that there is."""
    git(repository.root, "init", "--quiet", "--initial-branch=main")
    git(repository.root, "commit", "--quiet", "--allow-empty", "--message=Begin")
    git(repository.root, "remote", "add", "origin", "http://localhost:9/team/images.git")
    pauses: list[float] = []  # those of subprocess, which waits for git's end, are much shorter
    monkeypatch.setattr(time, "sleep", pauses.append)
    session = Session(repository.root, "matrix.yaml", (), 0)
    assert released_entries(session, "release") is None
    note, _, rest = capsys.readouterr().err.partition(": unable to access ")
    assert note == "note: what is released is not known, since `origin` does not answer"
    assert rest.endswith("; check the network and the remote `origin` (git remote --verbose)\n")
    assert [pause for pause in pauses if pause >= FIRST_PAUSE] == [], "it is asked once"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert released_entries(session, "release") == {}
    git(repository.root, "config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main")
    assert released_entries(session, "release") is None


def test_a_release_needs_a_repository(repository: Repository) -> None:
    session = Session(repository.root, "matrix.yaml", (), 0)
    with click.Context(click.Command("release")), pytest.raises(CallError) as caught:
        release_git(session)
    assert caught.value.message == "this is not a git repository"
    assert caught.value.help == "releases are on a branch of the repository: call this in a clone of it"
