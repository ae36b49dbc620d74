"""Commits to a real remote."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.github import branch_commit
from image_matrix.github.branch_commit import (
    Git,
    commit_changes,
    folder_commit,
    open_git,
    push,
    tip,
    try_push,
)
from image_matrix.output_tree.files import File

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.slow


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


def commit_folder(git: Git, branch: str, folder: str, files: Mapping[str, File], message: str) -> str | None:
    """Commit and push, as a release does."""
    commit = folder_commit(git, tip(git, branch), folder, files, message)
    if commit:
        push(git, commit, branch)
    return commit


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


def test_a_folder_that_the_work_tree_has_too_is_replaced(git: Git) -> None:
    """deploy/ has tags on the default branch and digests on the release branch: they always differ."""
    (git.root / "deploy").mkdir()
    (git.root / "deploy" / "a").write_text("tag\n")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Render")
    (git.root / "deploy" / "a").write_text("edited and not committed\n")
    commit_folder(git, "release", "deploy", {"deploy/a": File(b"1\n"), "deploy/b": File(b"1\n")}, "First\n")
    commit_folder(git, "release", "deploy", {"deploy/a": File(b"2\n")}, "Second\n")
    assert content(git, "deploy/a") == "2"
    assert git("ls-tree", "-r", "--name-only", "FETCH_HEAD") == "deploy/a"
    assert (git.root / "deploy" / "a").read_text() == "edited and not committed\n"
    assert git("show", "HEAD:deploy/a") == "tag"


def test_a_file_takes_the_place_of_a_folder_and_a_folder_that_of_a_file(git: Git) -> None:
    commit_folder(git, "release", "deploy", {"deploy/a": File(b"1\n"), "deploy/b/c": File(b"2\n")}, "First\n")
    commit_folder(
        git, "release", "deploy", {"deploy/a/d": File(b"3\n"), "deploy/b": File(b"4\n")}, "Second\n"
    )
    assert git("ls-tree", "-r", "--name-only", str(tip(git, "release"))).split() == ["deploy/a/d", "deploy/b"]


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
    hook.write_text("#!/bin/sh\necho 'protected branch' >&2\necho 'ask the owners' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Failure) as caught:
        commit_folder(git, "release", "deploy", {"deploy/a": File(b"1\n")}, "First\n")
    assert caught.value.exit_code == 1
    assert "remote: protected branch" in caught.value.message
    assert "remote: ask the owners" in caught.value.message
    assert "[remote rejected]" in caught.value.message
    assert tip(git, "release") is None


def test_a_push_is_tried_and_nothing_moves(git: Git, tmp_path: Path) -> None:
    head = git("rev-parse", "HEAD")
    try_push(git, head, "release")
    assert tip(git, "release") is None
    push(git, head, "release")
    try_push(git, head, "release")
    git("commit", "--quiet", "--allow-empty", "--message", "Theirs")
    push(git, "HEAD", "release")
    with pytest.raises(Failure, match="non-fast-forward"):
        try_push(git, head, "release")
    (tmp_path / "remote.git").rename(tmp_path / "away.git")
    with pytest.raises(EnvironmentFailure, match="does not appear to be a git repository") as caught:
        try_push(git, head, "release")
    assert caught.value.exit_code == 3


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
    assert caught.value.message.startswith(
        "git ls-remote failed:\n    fatal: 'origin' does not appear to be a git repository\n"
    )
    assert caught.value.message.endswith("and the repository exists.")
    assert "remote `origin`" in caught.value.help


CUT = """#!/bin/sh
case " $* " in *" {command} "*)
  echo >> "{folder}/calls"
  [ "$(wc -l < "{folder}/calls")" -gt {fails} ] || {{ echo "{text}" >&2; exit 128; }} ;;
esac
exec "{git}" "$@"
"""
UNRESOLVED = "fatal: unable to access 'https://github.com/': Could not resolve host: github.com"
UNAVAILABLE = "fatal: unable to access 'https://github.com/': The requested URL returned error: 503"
FORBIDDEN = "fatal: unable to access 'https://github.com/': The requested URL returned error: 403"


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, int], None]:
    """Have the first calls of a git command fail with a text, as the network would; put it before ``git``."""
    program, real = tmp_path / "bin" / "git", shutil.which("git")
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    def fail(command: str, text: str, fails: int) -> None:
        program.write_text(CUT.format(command=command, folder=tmp_path, text=text, fails=fails, git=real))
        program.chmod(0o755)

    return fail


@pytest.mark.parametrize("command", ["ls-remote", "fetch", "push"])
@pytest.mark.parametrize("text", [UNRESOLVED, UNAVAILABLE])
def test_a_remote_that_does_not_answer_for_the_moment_is_asked_again(
    cut: Callable[[str, str, int], None], git: Git, pauses: list[float], command: str, text: str
) -> None:
    git("push", "--quiet", "origin", "HEAD:refs/heads/release")
    cut(command, text, 2)
    commit = commit_folder(git, "release", "deploy", {"deploy/a": File(b"1\n")}, "First\n")
    assert pauses == [1.0, 2.0]
    assert tip(git, "release") == commit


def test_a_remote_that_never_answers(
    cut: Callable[[str, str, int], None], git: Git, pauses: list[float]
) -> None:
    cut("push", UNRESOLVED, 99)
    with pytest.raises(EnvironmentFailure, match="Could not resolve host") as caught:
        push(git, "HEAD", "release")
    assert caught.value.help == "check the network and the remote `origin` (git remote --verbose)"
    assert pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("command", ["ls-remote", "fetch", "push"])
def test_a_remote_that_stays_silent_is_named_and_not_asked_again(
    git: Git, pauses: list[float], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(branch_commit, "REMOTE", dict.fromkeys(branch_commit.REMOTE, 0.5))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        git("remote", "set-url", "origin", f"http://somebody:secret@{host}/x.git")
        quiet = replace(
            git, environment={**git.environment, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        )
        with pytest.raises(EnvironmentFailure) as caught:
            quiet(command, "origin")
        silent.settimeout(5)
        with silent.accept()[0] as connection:
            connection.settimeout(5)
            while connection.recv(4096):  # until the program that git has started has ended, too
                pass
        silent.settimeout(0.01)
        with pytest.raises(TimeoutError):
            silent.accept()
    assert caught.value.message == (
        f"git {command} was ended: with `origin` (http://{host}/x.git), it took longer than 0.5 seconds"
    )
    assert "`git ls-remote origin`" in caught.value.help
    assert pauses == []


def test_a_login_that_may_not_push_is_not_tried_again(
    cut: Callable[[str, str, int], None], git: Git, pauses: list[float]
) -> None:
    cut("push", FORBIDDEN, 99)
    with pytest.raises(EnvironmentFailure, match="error: 403") as caught:
        push(git, "HEAD", "release")
    assert "permissions of the login" in caught.value.help
    assert pauses == []
