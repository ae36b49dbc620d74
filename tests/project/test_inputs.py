"""Reading a repository: what cannot be read is no less there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.project.inputs import template_files
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


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("below", [".", "dockerfiles"])
@pytest.mark.parametrize("mode", [0o000, 0o111, 0o444])
def test_a_folder_that_cannot_be_read_is_not_taken_for_none(templates: Path, below: str, mode: int) -> None:
    folder = templates / below
    folder.chmod(mode)
    with without_privileges(), pytest.raises(PermissionError) as error:
        template_files(templates)
    assert str(error.value.filename).startswith(str(folder))
