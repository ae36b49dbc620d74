"""What a killed run leaves is removed by the next one, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from image_matrix import temporary
from image_matrix.temporary import DAY, MARK, mark_of, remove_leftovers, temporary_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 999_999_999
"""A process number that no system gives (proc(5): ``pid_max`` is at most 2^22)."""
NAME = f".image-matrix-{NOBODY}-abcdefgh"
KILLED = """\
import os, signal, sys
from pathlib import Path
from image_matrix.temporary import temporary_folder

with temporary_folder(Path(sys.argv[1]) if sys.argv[1:] else None) as folder:
    (folder / "half").write_text("a part")
    os.kill(os.getpid(), signal.SIGKILL)
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are asked for as POSIX does")


def left_by_a_killed_run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert done.returncode == -9


def folder_of(parent: Path, name: str, mark: str | None, *files: str) -> Path:
    folder = parent / name
    folder.mkdir()
    if mark is not None:
        (folder / MARK).write_text(mark)
    for file in files:
        (folder / file).write_text("a part")
    return folder


def age(path: Path) -> None:
    moment = path.stat().st_mtime - DAY - 60
    os.utime(path, (moment, moment))


def test_a_folder_goes_with_its_work(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as folder:
        (folder / "a").write_text("1")
        remove_leftovers(tmp_path)
        assert (folder / "a").is_file()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_never_committed_and_goes_with_the_next_run(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    left_by_a_killed_run(str(tmp_path))
    (left,) = tmp_path.glob(".image-matrix-*")
    assert (left / "half").read_text() == "a part"
    status = ["git", "-C", str(tmp_path), "status", "--porcelain"]
    assert subprocess.run(status, capture_output=True, check=True).stdout == b""
    with temporary_folder(tmp_path):
        assert not left.exists()


def test_in_the_systems_temporary_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    left_by_a_killed_run()
    assert len(list(tmp_path.glob("image-matrix-*"))) == 1
    with temporary_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_a_process_that_lives_keeps_its_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, f".image-matrix-{os.getppid()}-abcdefgh", mark_of(os.getppid()), "half")
    remove_leftovers(tmp_path)
    assert (folder / "half").is_file()


@pytest.mark.parametrize(
    ("name", "mark", "files"),
    [
        (NAME, None, ()),  # its process may be about to write the mark
        (NAME, "*\n", ("mine",)),
        (NAME, "# Temporary files of image-matrix, process 1 of this\n*\n", ("mine",)),
        (".image-matrix-notes", mark_of(NOBODY), ("mine",)),
        (f".image-matrix-{NOBODY}", mark_of(NOBODY), ("mine",)),
        (f"my-image-matrix-{NOBODY}-abcdefgh", mark_of(NOBODY), ("mine",)),
        (f".image-matrix-{NOBODY}-abcdefgh.bak", mark_of(NOBODY), ("mine",)),
    ],
)
def test_what_is_not_ours_stays(tmp_path: Path, name: str, mark: str | None, files: tuple[str, ...]) -> None:
    folder = folder_of(tmp_path, name, mark, *files)
    remove_leftovers(tmp_path)
    assert folder.is_dir()
    if files:
        age(folder)
        remove_leftovers(tmp_path)
        assert all((folder / file).is_file() for file in files)


@pytest.mark.parametrize("name", [".matrix.lock.yaml.swp", ".image-matrix-4242", NAME])
def test_files_and_links_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("unsaved")
    age(tmp_path / name)
    remove_leftovers(tmp_path)
    assert (tmp_path / name).read_text() == "unsaved"
    target = folder_of(tmp_path, "target", mark_of(NOBODY), "mine")
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(target)
    remove_leftovers(tmp_path)
    assert (target / "mine").is_file()


def test_another_machines_folder_is_left_over_when_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary, "_machine", lambda: "another one")
    folder = folder_of(tmp_path, NAME, mark_of(NOBODY), "half")
    monkeypatch.undo()
    remove_leftovers(tmp_path)
    assert folder.is_dir()
    age(folder)
    remove_leftovers(tmp_path)
    assert not folder.exists()


def test_an_old_folder_without_a_mark_goes_when_it_is_empty(tmp_path: Path) -> None:
    empty = folder_of(tmp_path, NAME, None)
    full = folder_of(tmp_path, f"{NAME[:-1]}z", None, "mine")
    age(empty)
    age(full)
    remove_leftovers(tmp_path)
    assert not empty.exists()
    assert (full / "mine").is_file()


def test_another_users_folder_stays(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives folders to others")
    folder = folder_of(tmp_path, NAME, mark_of(NOBODY), "half")
    os.chown(folder, 65534, 65534)
    remove_leftovers(tmp_path)
    assert folder.is_dir()


def test_a_private_file_is_new_and_ours_alone(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_private(file, "secret")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("secret\n", 0o600)
    with pytest.raises(FileExistsError):
        write_private(file, "other")
