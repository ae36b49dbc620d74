"""Packages in files that a matrix names: they are read where they are, at every revision and in every check."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.project.history import read_inputs_at
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {scipy: {image: "quay.io/jupyter/scipy-notebook:2026-08-03", provides: {python: "3.13"}}}
images:
  geo: {from: scipy, pip: {files: [requirements.txt]}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "matrix.yaml").write_text(MATRIX, encoding="utf-8")
    (folder / "requirements.txt").write_text("six==1.16.0\n", encoding="utf-8")
    return folder


def call(project: Path, *arguments: str) -> int:
    return run(["-C", str(project), *arguments])


def test_a_change_of_a_file_is_a_change_of_the_image(project: Path) -> None:
    assert call(project, "render") == 0
    assert call(project, "check") == 0
    (project / "requirements.txt").write_text("six==1.17.0\n", encoding="utf-8")
    assert call(project, "check") == 1, "the verdict of the last check is not recalled"
    assert call(project, "render") == 0
    assert "six==1.17.0" in (project / "images/geo/default/Dockerfile").read_text(encoding="utf-8")


def test_a_revision_has_its_own_files(project: Path) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "first"]):
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True)
    (project / "requirements.txt").write_text("six==1.17.0\n", encoding="utf-8")
    inputs = read_inputs_at(project, "HEAD", "matrix.yaml", {})
    assert inputs is not None
    assert load_inputs(inputs).variants["geo:default"].packages == {"pip": ("six==1.16.0",)}


def test_an_overlay_names_files_from_its_own_folder(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = project / "site"
    site.mkdir()
    (site / "overlay.yaml").write_text("images: {geo: {pip: {files: [more.txt]}}}\n", encoding="utf-8")
    (site / "more.txt").write_text("rich==14.3.0\n", encoding="utf-8")
    overlay = str(site / "overlay.yaml")
    assert call(project, "--overlay", overlay, "list", "--resolved", "geo") == 0
    assert "rich==14.3.0" in capsys.readouterr().out
