"""A file is written whole or not at all, and is on the disk before it takes the place of another one."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.output_tree.atomic import put, staging, write_atomically, write_durably, write_new
from image_matrix.output_tree.files import File
from tests.full_disk import largest_file, small_disk

if TYPE_CHECKING:
    from collections.abc import Callable

WRITERS = [write_atomically, write_durably]
LONG = File(b"0123456789abcdef" * 4096)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_is_put_in_its_place(tmp_path: Path, write: Callable[[Path, File], None]) -> None:
    for file in (File(b"one", executable=True), File(b""), File(b"./two", symlink=True), LONG):
        write(tmp_path / "a/b", file)
        assert (tmp_path / "a/b").is_symlink() == file.symlink
        if not file.symlink:
            assert (tmp_path / "a/b").read_bytes() == file.content
            assert bool((tmp_path / "a/b").stat().st_mode & 0o100) == file.executable
    assert names(tmp_path) == ["a", "a/b"]


@pytest.mark.parametrize("write", WRITERS)
def test_a_disk_that_takes_a_part_leaves_the_old_file(
    tmp_path: Path, write: Callable[[Path, File], None]
) -> None:
    (tmp_path / "a").write_text("old")
    with largest_file(len(LONG.content) // 2), pytest.raises(OSError, match="File too large") as error:
        write(tmp_path / "a", LONG)
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(tmp_path / "a"))
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_new_file_is_whole_or_refused(tmp_path: Path) -> None:
    with largest_file(len(LONG.content) // 2), pytest.raises(OSError, match="File too large"):
        write_new(tmp_path / "a", LONG)


def test_of_many_files_all_are_written_or_none_is_changed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    files = [(tmp_path / "a", File(b"new")), (tmp_path / "b/c/d", File(b"new")), (tmp_path / "e", LONG)]
    with (
        largest_file(len(LONG.content) // 2),
        pytest.raises(OSError, match="File too large") as error,
        staging(tmp_path, files),
    ):
        pytest.fail("the last one does not fit")
    assert error.value.filename == str(tmp_path / "e")
    assert names(tmp_path) == ["a"]
    with staging(tmp_path, files) as (staged, spare):
        assert (tmp_path / "a").read_text() == "old"
        for item in staged:
            put(item, spare)
        assert spare == []
    assert names(tmp_path) == ["a", "b", "b/c", "b/c/d", "e"]
    assert (tmp_path / "a").read_text() == "new"


def test_a_folder_that_is_gone_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with staging(tmp_path, [(tmp_path / "a/b", File(b"new"))]) as (staged, spare):
        (tmp_path / "a").rmdir()
        put(staged[0], spare)
    assert (tmp_path / "a/b").read_bytes() == b"new"


def test_a_folder_may_be_on_another_file_system(tmp_path: Path) -> None:
    with small_disk(tmp_path / "other", 64) as other:
        with staging(tmp_path, [(other / "b/a", File(b"new", executable=True))]) as (staged, spare):
            put(staged[0], spare)
        assert (other / "b/a").read_bytes() == b"new"
        assert names(tmp_path) == ["other", "other/b", "other/b/a"]


def test_what_must_not_be_lost_is_on_the_disk_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flushed(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(descriptor) else "file")  # noqa: PTH112 - a descriptor
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    write_durably(tmp_path / "a", File(b"new"))
    assert steps == ["file", "rename", "folder"]


@pytest.mark.parametrize(("number", "raised"), [(errno.EINVAL, False), (errno.ENOSPC, True)])
def test_a_disk_that_fails_when_it_flushes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, raised: bool
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", refuse)
    if raised:
        with pytest.raises(OSError, match="No space left") as error:
            write_durably(tmp_path / "a", File(b"new"))
        assert error.value.filename == str(tmp_path / "a")
    else:
        write_durably(tmp_path / "a", File(b"new"))
    assert (tmp_path / "a").read_text() == ("old" if raised else "new")
    assert names(tmp_path) == ["a"]


def test_an_error_names_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError) as error:
        write_atomically(tmp_path / "a", File(b"1"))
    assert error.value.filename == str(tmp_path / "a")
    (tmp_path / "f").write_text("mine", encoding="utf-8")
    with pytest.raises(NotADirectoryError) as other:
        write_atomically(tmp_path / "f" / "g", File(b"1"))
    assert other.value.filename == str(tmp_path / "f" / "g")
    assert names(tmp_path) == ["a", "f"]
