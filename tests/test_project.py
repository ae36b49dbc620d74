"""Reading a repository: what cannot be read is no less there."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.project import template_files

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be a user to whom permissions apply."""
    root = os.name == "posix" and os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def templates() -> Iterator[Path]:
    """A folder of templates below one that everybody may enter, which pytest's own are not."""
    above = Path(tempfile.mkdtemp(prefix="image-matrix-test-"))
    above.chmod(0o755)
    folder = above / "templates"
    (folder / "dockerfiles").mkdir(parents=True)
    (folder / "dockerfiles/base.Dockerfile.j2").write_text("RUN true\n", encoding="utf-8")
    yield folder
    for path in (folder, folder / "dockerfiles"):
        path.chmod(0o755)
    shutil.rmtree(above)


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
