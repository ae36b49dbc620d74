from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.project.history import read_inputs_at
from tests.git_commands import git
from tests.planning.conftest import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "empty")
    shutil.copy(FIXTURES / "matrix.yaml", tmp_path)
    rootfs = tmp_path / "templates" / "rootfs" / "own"
    rootfs.mkdir(parents=True)
    (rootfs / "file with spaces\tand ü").write_bytes(b"line\r\n")
    (rootfs / "link").symlink_to("./target")
    (tmp_path / "templates" / "dockerfiles").mkdir()
    (tmp_path / "templates" / "dockerfiles" / "own.Dockerfile.j2").write_text("old\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_reads_what_was_committed(repository: Path) -> None:
    (repository / "matrix.yaml").write_text("edited")
    (repository / "templates" / "dockerfiles" / "own.Dockerfile.j2").write_text("new\n")
    inputs = read_inputs_at(repository, "HEAD", "matrix.yaml", {"site.yaml": "a: 1"})
    assert inputs is not None
    assert inputs.texts == {"matrix.yaml@HEAD": (FIXTURES / "matrix.yaml").read_text(), "site.yaml": "a: 1"}
    assert inputs.templates.dockerfiles["own.Dockerfile.j2"] == "old\n"
    own = inputs.templates.rootfs["own"]
    assert own["file with spaces\tand ü"].content == b"line\n"
    assert (own["link"].symlink, own["link"].content) == (True, b"./target")
    assert inputs.lock is None


def test_what_an_editor_or_python_left_is_no_template(repository: Path) -> None:
    rootfs = repository / "templates" / "rootfs" / "own"
    (rootfs / "__pycache__").mkdir()
    for name in (".link.swp", "link~", "__pycache__/x.cpython-311.pyc"):
        (rootfs / name).write_bytes(b"x")
    git(repository, "add", "-A", "--force")
    git(repository, "commit", "-q", "-m", "second")
    inputs = read_inputs_at(repository, "HEAD", "matrix.yaml", {})
    assert inputs is not None
    assert sorted(inputs.templates.rootfs["own"]) == ["file with spaces\tand ü", "link"]


def test_content_that_git_does_not_have_is_said(repository: Path) -> None:
    """As in a clone that left it out: the commit is there."""
    shown = subprocess.run(
        ["git", "rev-parse", "HEAD:matrix.yaml"], cwd=repository, check=True, capture_output=True, text=True
    )
    name = shown.stdout.strip()
    (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(EnvironmentFailure, match=r"git has no content of matrix\.yaml at HEAD") as caught:
        read_inputs_at(repository, "HEAD", "matrix.yaml", {})
    assert caught.value.help


def test_no_matrix_then(repository: Path) -> None:
    assert read_inputs_at(repository, "HEAD~1", "matrix.yaml", {}) is None


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD~7"])
def test_unknown_revision(repository: Path, revision: str) -> None:
    with pytest.raises(CallError) as caught:
        read_inputs_at(repository, revision, "matrix.yaml", {})
    assert caught.value.help


def test_not_a_repository(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="not a git repository"):
        read_inputs_at(tmp_path, "HEAD", "matrix.yaml", {})


def test_the_option_that_asked_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallError) as caught:
        read_inputs_at(tmp_path, "HEAD", "matrix.yaml", {}, "--against")
    assert caught.value.help == "--against needs one to compare with"


def test_a_repository_of_another_user(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """git's own switch for its tests; in containers checkouts belong to whoever is outside."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(
        EnvironmentFailure, match=r"git failed:\s+fatal: detected dubious ownership in repository"
    ) as caught:
        read_inputs_at(repository, "HEAD", "matrix.yaml", {})
    assert caught.value.help == f"run `git config --global --add safe.directory {repository}`"


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentFailure, match="`git` is not on PATH"):
        read_inputs_at(repository, "HEAD", "matrix.yaml", {})
