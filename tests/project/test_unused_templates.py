"""Files below ``templates/`` that nothing reads are said once, by ``render`` and ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.project.init import RepositorySettings, create, new_repository
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from image_matrix.project.unused_templates import unused_templates
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/team/notebooks
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base}
  mine: {from: base, kind: mine}
"""
EXTENDS = '{% extends "skeleton.Dockerfile.j2" %}\n'


def said(root: Path, **files: str) -> list[str]:
    for path, text in {"dockerfiles/mine.Dockerfile.j2": EXTENDS, **files}.items():
        file = root / "templates" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    templates = read_templates(root)
    found = unused_templates(templates, load({"matrix.yaml": MATRIX}, templates.kinds))
    assert {item.severity for item in found} <= {"warning"}
    return [f"{item.place.file}: {item.message}; {item.help}" for item in found]


def test_what_is_used_is_no_news(tmp_path: Path) -> None:
    files = {
        "dockerfiles/mine.Dockerfile.j2": "{% extends \"common.j2\" %}\n{% import 'words.j2' as w %}\n",
        "dockerfiles/common.j2": EXTENDS,
        "dockerfiles/words.j2": "",
        "dockerfiles/README.md": "ours",
        "rootfs/mine/etc/mine": "",
        "rootfs/base/etc/ours": "",
        "rootfs/codeserver/.wh.etc": "",
        "workflows/nightly.yaml.j2": "",
        "README.md": "ours",
    }
    assert said(tmp_path, **files) == []


UNMENTIONED = "no template imports, includes or extends this file; remove it"


@pytest.mark.parametrize(
    ("path", "place", "problem"),
    [
        (
            "rootfs/mien/etc/mine",
            "rootfs/mien",
            "there is no kind `mien`, whose images would get these files",
        ),
        ("dockerfiles/other.Dockerfile.j2", "", "no image has `kind: other`; name it in an image"),
        ("dockerfiles/words.j2", "", UNMENTIONED),
        (
            "dockerfiles/mine.Dockerfile",
            "",
            "nothing reads a file without `.j2` at its end; rename it to `mine.",
        ),
        ("rotfs/mine/etc/mine", "rotfs", "nothing reads this folder; did you mean `rootfs`?"),
        ("workflows/words.j2", "", UNMENTIONED),
    ],
)
def test_what_nothing_reads(path: str, place: str, problem: str, tmp_path: Path) -> None:
    beside = f"{path}-2" if place else path
    (one,) = said(tmp_path, **{path: "", beside: ""})
    assert one.startswith(f"templates/{place or path}: {problem}")


def test_a_misspelt_kind_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (one,) = said(tmp_path, **{"rootfs/mien/etc/mine": ""})
    assert one.endswith("did you mean `mine`?")


def test_the_templates_that_init_copies_wait_for_their_images(tmp_path: Path) -> None:
    create(tmp_path, new_repository(RepositorySettings(None)))
    templates = read_templates(tmp_path)
    text = (tmp_path / "matrix.yaml").read_text()
    assert unused_templates(templates, load({"matrix.yaml": text}, templates.kinds)) == []


def test_this_repository_has_none() -> None:
    templates = read_templates(REPOSITORY)
    text = (REPOSITORY / "matrix.yaml").read_text(encoding="utf-8")
    assert unused_templates(templates, load({"matrix.yaml": text}, templates.kinds)) == []
