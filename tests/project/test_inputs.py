"""Reading a repository: what cannot be read is no less there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.lock import text as locks
from image_matrix.project.inputs import LOCK, read_inputs, template_files
from tests.privileges import without_privileges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def templates(everybodys: Path) -> Iterator[Path]:
    folder = everybodys / "templates"
    (folder / "dockerfiles").mkdir(parents=True)
    (folder / "dockerfiles/base.Dockerfile.j2").write_text("RUN true\n", encoding="utf-8")
    yield folder
    for path in (folder, folder / "dockerfiles"):
        path.chmod(0o755)


def test_templates_are_read(templates: Path) -> None:
    with without_privileges():
        assert list(template_files(templates)) == ["dockerfiles/base.Dockerfile.j2"]
    assert template_files(templates / "nothing") == {}


EDITORS = (".note.swp", ".note.swo", "note~", "#note#", ".#note", ".note.kate-swp", ".DS_Store", ".wh.note~")


@pytest.mark.parametrize("name", EDITORS)
def test_what_an_editor_leaves_is_no_template(templates: Path, name: str) -> None:
    folder = templates / "rootfs/base/usr"
    folder.mkdir(parents=True)
    (folder / "note").write_text("a\n", encoding="utf-8")
    (folder / name).write_bytes(b"b0VIM")
    (templates / "dockerfiles" / name).write_bytes(b"b0VIM")
    assert list(template_files(templates)) == ["dockerfiles/base.Dockerfile.j2", "rootfs/base/usr/note"]


@pytest.mark.parametrize("name", [".bashrc", "note.swp", "#note", "a~b", ".wh.note", "note.orig"])
def test_names_that_only_look_like_an_editor_s(templates: Path, name: str) -> None:
    (templates / "dockerfiles" / name).write_bytes(b"")
    assert f"dockerfiles/{name}" in template_files(templates)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("below", [".", "dockerfiles"])
@pytest.mark.parametrize("mode", [0o000, 0o111, 0o444])
def test_a_folder_that_cannot_be_read_is_not_taken_for_none(templates: Path, below: str, mode: int) -> None:
    folder = templates / below
    folder.chmod(mode)
    with without_privileges(), pytest.raises(PermissionError) as error:
        template_files(templates)
    assert str(error.value.filename).startswith(str(folder))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "matrix.yaml").write_text("version: 1\n", encoding="utf-8")
    return tmp_path


def said(repository: Path) -> str:
    """What is wrong with the lock."""
    with pytest.raises(MatrixError) as error:
        locks.read(read_inputs(repository).lock)
    (problem,) = error.value.diagnostics
    assert (problem.place.file, problem.place.line) == (LOCK, 0)
    return f"{problem.code} {problem.message}; {problem.help}"


def test_a_folder_in_place_of_the_lock(repository: Path) -> None:
    (repository / LOCK).mkdir()
    assert said(repository) == (
        "IM004 cannot read matrix.lock.yaml: it is a folder; rename the folder, and restore the lock, "
        "`git checkout HEAD -- matrix.lock.yaml`"
    )


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "{}\n"])
def test_a_lock_without_a_word_in_it(repository: Path, text: str) -> None:
    (repository / LOCK).write_text(text, encoding="utf-8")
    assert said(repository) == (
        "IM604 this is not a valid lock: it is empty; restore it, `git checkout HEAD -- matrix.lock.yaml`, "
        "then run `image-matrix lock`"
    )


def test_a_lock_that_is_a_link_to_nothing(repository: Path) -> None:
    (repository / LOCK).symlink_to("nothing")
    assert said(repository) == "IM004 cannot read matrix.lock.yaml: the file does not exist; check the path"


def test_no_lock_is_no_mistake(repository: Path) -> None:
    assert read_inputs(repository).lock is None
