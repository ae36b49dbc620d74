"""Included files on disk, at a revision, and in what commands do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.diagnostics import MatrixError
from image_matrix.project.content_cache import ContentCache
from image_matrix.project.history import read_inputs_at
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.git_commands import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., tuple[int, str]]

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
include: [images/*.yaml]
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian}
"""
LAB = "images:\n  lab: {from: base, apt: [git]}\n"


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, {"matrix.yaml": MATRIX, "images/b.yaml": LAB, "images/a.yaml": "bundles: {}\n"})
    return tmp_path


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "first")
    return project


def test_files_are_read_in_the_order_of_their_names(project: Path) -> None:
    assert list(read_inputs(project).included) == ["images/a.yaml", "images/b.yaml"]


def test_a_matrix_without_the_word_reads_nothing_else(project: Path) -> None:
    write(project, {"matrix.yaml": MATRIX.replace("include: [images/*.yaml]\n", "")})
    assert read_inputs(project).included == {}


def test_a_matrix_below_the_root_includes_what_is_beside_it(project: Path) -> None:
    write(project, {"team/matrix.yaml": MATRIX, "team/images/c.yaml": LAB})
    assert list(read_inputs(project, "team/matrix.yaml").included) == ["team/images/c.yaml"]


def test_a_link_to_the_outside_is_refused(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "c.yaml"
    outside.write_text("images: {}\n")
    (project / "images" / "c.yaml").symlink_to(outside)
    with pytest.raises(MatrixError) as caught:
        read_inputs(project)
    (found,) = caught.value.diagnostics
    assert (found.code, found.place.line) == ("IM007", 3)
    assert "images/c.yaml is a link to something outside of the project" in found.message


def test_a_link_inside_is_followed(project: Path) -> None:
    write(project, {"shared/c.yaml": "bundles: {tools: {apt: [git]}}\n"})
    (project / "images" / "c.yaml").symlink_to("../shared/c.yaml")
    assert read_inputs(project).included["images/c.yaml"].startswith("bundles")


def test_a_file_that_is_not_utf8_is_placed_in_it(project: Path) -> None:
    (project / "images" / "c.yaml").write_bytes(b"images: {}\n\xff\n")
    with pytest.raises(MatrixError) as caught:
        read_inputs(project)
    (found,) = caught.value.diagnostics
    assert (found.place.file, found.place.line) == ("images/c.yaml", 2)


def test_the_cache_knows_what_is_in_included_files(project: Path, tmp_path: Path) -> None:
    cache = ContentCache(tmp_path / "cache")
    assert "lab:default" in load_inputs(read_inputs(project), cache).variants
    write(project, {"images/b.yaml": LAB.replace("git", "a b")})
    with pytest.raises(MatrixError) as caught:
        load_inputs(read_inputs(project), cache)
    assert [item.place.file for item in caught.value.diagnostics] == ["images/b.yaml"]


def test_at_a_revision_the_files_are_those_of_then(repository: Path) -> None:
    write(repository, {"images/c.yaml": "bundles: {}\n", "images/b.yaml": "images: {}\n"})
    inputs = read_inputs_at(repository, "HEAD", "matrix.yaml", {})
    assert inputs is not None
    assert inputs.included == {"images/a.yaml@HEAD": "bundles: {}\n", "images/b.yaml@HEAD": LAB}
    assert load_inputs(inputs).documents.place(("images", "lab")).file == "images/b.yaml@HEAD"


def test_at_a_revision_a_matrix_in_a_folder(repository: Path) -> None:
    write(repository, {"team/matrix.yaml": MATRIX, "team/images/c.yaml": LAB})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "second")
    inputs = read_inputs_at(repository / "team", "HEAD", "matrix.yaml", {})
    assert inputs is not None
    assert list(inputs.included) == ["images/c.yaml@HEAD"]


@pytest.fixture
def command(project: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """A command in the project: its exit code and everything that it prints."""

    def call(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = run(["-C", str(project), *arguments])
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return call


def test_check_sees_a_change_of_an_included_file(repository: Path, command: Command) -> None:
    assert command("render")[0] == 0
    assert command("check")[0] == 0
    write(repository, {"images/b.yaml": LAB.replace("git", "vim-tiny")})
    code, output = command("check")
    assert code == 1
    assert "images/lab/default/Dockerfile" in output


def test_plan_builds_what_an_included_file_changes(repository: Path, command: Command) -> None:
    write(repository, {"images/b.yaml": LAB.replace("git", "vim-tiny")})
    code, output = command("-q", "plan", "--since", "HEAD", "--format", "json")
    assert code == 0
    assert [item["variant"] for item in json.loads(output)["build"]] == ["lab:default"]


def test_plan_since_a_revision_whose_files_are_missing_counts_everything(
    repository: Path, command: Command
) -> None:
    git(repository, "rm", "-q", "--cached", "images/a.yaml", "images/b.yaml")
    git(repository, "commit", "-q", "-m", "without")
    code, output = command("plan", "--since", "HEAD")
    assert code == 0
    assert "the matrix at HEAD is not valid: everything counts as new" in output


def test_list_names_the_line_of_an_included_file(command: Command) -> None:
    assert "images/b.yaml:2" in command("list", "--resolved", "lab")[1]
