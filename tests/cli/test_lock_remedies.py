"""A lock that is broken or gone comes back from git: what is said is run, and works."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.project.lock_history import remedy
from tests.git_commands import git

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: registry.example.org/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images: {base: {from: debian}}
"""
GOOD = f"version: 1\n\nsources:\n  docker.io/library/debian:trixie-slim:\n    digest: sha256:{'a' * 64}\n"
MARKERS = f"<<<<<<< HEAD\n{GOOD}=======\n{GOOD}>>>>>>> other\n"
WITHOUT_MARKERS = GOOD + GOOD.partition("\n\n")[2]
COMMAND = re.compile(r"`(git [^`]*)`")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    git(tmp_path, "init", "--quiet")
    return tmp_path


def commit(lock: Path, text: str) -> None:
    lock.write_text(text)
    git(lock.parent, "add", "--all")
    git(lock.parent, "commit", "--quiet", "--message", "a lock")


@pytest.mark.parametrize("text", [MARKERS, WITHOUT_MARKERS, "version: 7\n", ""])
@pytest.mark.parametrize("committed", [False, True], ids=["on the disk", "committed"])
def test_what_the_error_says_restores_a_broken_lock(
    text: str, committed: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = folder / "matrix.lock.yaml"
    commit(lock, GOOD)
    if committed:
        commit(lock, text)
    lock.write_text(text)
    assert run(["list"]) == 2
    said = capsys.readouterr().err
    command = COMMAND.search(said)
    assert command
    assert "then `image-matrix lock`; without the file, it locks everything anew" in said
    subprocess.run(command[1].split(), check=True)
    assert lock.read_text() == GOOD
    assert run(["list"]) == 0


def test_a_folder_in_place_of_the_lock_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = folder / "matrix.lock.yaml"
    commit(lock, GOOD)
    lock.unlink()
    (lock / "inner").mkdir(parents=True)
    assert run(["list"]) == 2
    said = capsys.readouterr().err
    assert (
        "help: rename the folder, run `git checkout HEAD -- matrix.lock.yaml`, then `image-matrix lock`"
        in said
    )
    lock.rename(folder / "renamed")
    git(folder, "checkout", "--quiet", "HEAD", "--", "matrix.lock.yaml")
    assert (run(["list"]), lock.read_text()) == (0, GOOD)


def test_a_folder_where_no_lock_was_committed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "matrix.lock.yaml").mkdir()
    assert run(["list"]) == 2
    assert (
        "no commit has a lock that can be read: `image-matrix lock` locks everything anew"
        in capsys.readouterr().err
    )


def test_a_deleted_lock_is_missed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = folder / "matrix.lock.yaml"
    assert run(["render"]) == 0
    assert "not locked: " in capsys.readouterr().err
    commit(lock, GOOD)
    lock.unlink()
    assert run(["-C", str(folder), "render"]) == 0
    said = capsys.readouterr().err
    assert "note: matrix.lock.yaml is gone: `git checkout HEAD -- matrix.lock.yaml` restores it" in said
    assert "not locked: " not in said
    commit(folder / "note.txt", "the lock is deleted with this commit")
    assert run(["render"]) == 0
    said = capsys.readouterr().err
    assert "is gone" not in said
    assert "not locked: " in said


def test_a_mistake_of_an_editor_is_mended_where_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(folder / "matrix.lock.yaml", GOOD)
    (folder / "matrix.lock.yaml").write_text(GOOD.replace("digest: ", "digest: ["))
    assert run(["list"]) == 2
    assert "git checkout" not in capsys.readouterr().err


def test_from_elsewhere_the_command_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(folder / "matrix.lock.yaml", GOOD)
    monkeypatch.chdir("/")
    assert f"`git -C {folder} checkout HEAD -- matrix.lock.yaml`" in remedy(folder)


def test_without_a_commit_nothing_is_promised(folder: Path) -> None:
    assert remedy(folder) == (
        "no commit has one that can be read: remove it, and run `image-matrix lock`, which locks everything anew, "
        "at the newest versions"
    )
