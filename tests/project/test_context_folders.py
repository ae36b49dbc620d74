"""Folders of own Dockerfiles are read as the build will see them, or refused at the field that names them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.dockerfiles.context_reader import ContextError
from image_matrix.dockerfiles.ignore import read_ignore
from image_matrix.project.context_folders import contexts_on_disk
from tests.privileges import without_privileges

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = read_ignore("")


def test_a_context_behind_a_link_to_the_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "project/lab").symlink_to("../outside")
    reader = contexts_on_disk(tmp_path / "project", {})
    with pytest.raises(ContextError, match="lab is a link to something outside"):
        reader.names("lab")
    with pytest.raises(ContextError, match="lab/Dockerfile is a link to something outside"):
        reader.read("lab/Dockerfile")


def test_a_folder_that_is_ignored_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "lab/data/deep").mkdir(parents=True)
    (tmp_path / "lab/data/deep/link").symlink_to("/etc/passwd")
    (tmp_path / "lab/file").write_text("x")
    assert contexts_on_disk(tmp_path, {}).modes("lab", read_ignore("data\n")) == {"file": "100644"}


def test_an_exception_in_an_ignored_folder_is_sent(tmp_path: Path) -> None:
    (tmp_path / "lab/data").mkdir(parents=True)
    for name in ("kept", "left"):
        (tmp_path / "lab/data" / name).write_text("x")
    reader = contexts_on_disk(tmp_path, {})
    assert [*reader.modes("lab", read_ignore("data\n!data/kept\n"))] == ["data/kept"]


def test_sockets_and_pipes_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    os.mkfifo(tmp_path / "lab/pipe")
    assert contexts_on_disk(tmp_path, {}).modes("lab", NOTHING) == {}


def test_an_unreadable_file_is_refused_before_its_bytes_are_needed(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/file").write_text("x")
    (tmp_path / "lab/file").chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    with (
        without_privileges(),
        pytest.raises(ContextError, match="lab/file cannot be read: permission denied"),
    ):
        contexts_on_disk(tmp_path, {}).modes("lab", NOTHING)
