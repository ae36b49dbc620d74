"""Commits to a real remote."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.github.branch_commit import Git, commit_changes, commit_folder, open_git, tip
from image_matrix.output_tree.files import File

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def git(tmp_path: Path) -> Git:
    bare, work = tmp_path / "remote.git", tmp_path / "work"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(bare), str(work)], check=True, capture_output=True)
    made = open_git(work, os.environ)
    made("checkout", "-q", "-B", "main")
    (work / "matrix.yaml").write_text("version: 1\n")
    commit_first(made)
    return made


def commit_first(git: Git) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", "Start")
    git("push", "--quiet", "origin", "main")


def content(git: Git, path: str, branch: str = "release") -> str:
    assert tip(git, branch)
    return git("show", f"FETCH_HEAD:{path}")


def test_a_branch_begins_grows_and_stays(git: Git) -> None:
    files = {"deploy/a": File(b"1\n"), "deploy/b/c": File(b"2\n")}
    assert tip(git, "release") is None
    first = commit_folder(git, "release", "deploy", files, "First\n")
    assert first == tip(git, "release")
    assert commit_folder(git, "release", "deploy", files, "Again\n") is None
    second = commit_folder(git, "release", "deploy", {"deploy/a": File(b"3\n")}, "Second\n")
    assert content(git, "deploy/a") == "3"
    assert git("rev-parse", f"{second}^") == first
    assert git("ls-tree", "-r", "--name-only", str(second)) == "deploy/a"


def test_what_others_put_on_the_branch_stays(git: Git) -> None:
    commit_folder(git, "release", "deploy", {"deploy/a": File(b"1\n")}, "First\n")
    commit_folder(git, "release", "site", {"site/kustomization.yaml": File(b"x\n")}, "Theirs\n")
    commit_folder(git, "release", "deploy", {"deploy/a": File(b"2\n")}, "Second\n")
    assert content(git, "site/kustomization.yaml") == "x"


def test_the_working_tree_is_left_alone(git: Git) -> None:
    (git.root / "matrix.yaml").write_text("edited\n")
    before = git("status", "--porcelain")
    commit_folder(git, "release", "deploy", {"deploy/a": File(b"1\n")}, "First\n")
    assert git("status", "--porcelain") == before


def test_a_protected_branch_is_said(git: Git) -> None:
    hook = git.root.parent / "remote.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'protected branch' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Failure, match="protected branch"):
        commit_folder(git, "release", "deploy", {"deploy/a": File(b"1\n")}, "First\n")


def test_changes_of_the_tree_become_a_commit(git: Git) -> None:
    assert commit_changes(git, "lock", "Refresh") is None
    (git.root / "matrix.lock.yaml").write_text("version: 1\n")
    assert commit_changes(git, "lock", "Refresh") == tip(git, "lock")
    assert content(git, "matrix.lock.yaml", "lock") == "version: 1"


def test_the_token_is_in_no_argument_and_no_file(tmp_path: Path) -> None:
    made = open_git(
        tmp_path, {"GITHUB_TOKEN": "secret", "GITHUB_SERVER_URL": "https://github.com", **os.environ}
    )
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    assert "AUTHORIZATION: basic" in made("config", "--get", "http.https://github.com/.extraheader")
    assert "extraheader" not in (tmp_path / ".git" / "config").read_text()


def test_a_remote_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        tip(open_git(tmp_path, os.environ), "release")
    assert caught.value.message == "git ls-remote failed: 'origin' does not appear to be a git repository"
    assert "remote `origin`" in caught.value.help
