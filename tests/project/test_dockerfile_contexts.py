"""What image-matrix reads and writes itself is kept out of images that are built from the root of a project."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all
from tests.planning.project_keys import keys_of

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.config.loaded import Loaded
    from image_matrix.project.inputs import Inputs

MATRIX = """\
version: 1
registry: quay.io/team
workflow: none
include: [parts/*.yaml]
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, context: .}
  lab: {from: base, apt: [git]}
"""
NEXT = "  next: {from: base, apt: [git]}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    (tmp_path / "parts/more.yaml").write_text("images: {more: {from: base, apt: [git]}}\n")
    (tmp_path / "site.yaml").write_text("registry: registry.example.org/team\n")
    (tmp_path / "Dockerfile").write_text("FROM debian:trixie-slim\nCOPY file /\n")
    (tmp_path / "file").write_text("1\n")
    return tmp_path


def help_of(inputs: Inputs) -> str:
    with pytest.raises(MatrixError) as raised:
        load_inputs(inputs)
    (problem,) = raised.value.diagnostics
    assert problem.code == "IM507"
    return problem.help


def obeyed(root: Path, text: str) -> list[str]:
    """Do what the help says; return the lines."""
    match = re.fullmatch(r"write into (\S+), in lines of their own: (.*)", text)
    assert match
    lines = match[2].split(" ")
    with (root / match[1]).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)
    return lines


def key_and_files(loaded: Loaded, inputs: Inputs) -> tuple[str, list[str]]:
    return keys_of(inputs)["base:default"], [*loaded.context_files["base:default"].entries()]


@pytest.mark.parametrize("file", [".dockerignore", "Dockerfile.dockerignore"])
def test_the_help_obeyed_keeps_the_key_over_renders_locks_and_edits(project: Path, file: str) -> None:
    (project / file).write_text("# ours\n")
    obeyed(project, help_of(read_inputs(project)))
    inputs = read_inputs(project)
    loaded = load_inputs(inputs)
    before = key_and_files(loaded, inputs)
    assert sorted(before[1]) == sorted([file, "Dockerfile", "file", "site.yaml"])
    for path, rendered in render_all(loaded, Pins(), inputs.templates).items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(rendered.content)
    (project / "matrix.lock.yaml").write_text("# locked\n")
    (project / "matrix.yaml").write_text(f"# edited\n{MATRIX}{NEXT}")
    (project / "parts/more.yaml").write_text("images: {more: {from: base, apt: [curl]}}\n")
    after = replace(read_inputs(project), lock=None)
    assert key_and_files(load_inputs(after), after) == before


def test_a_folder_of_generated_files_alone_is_named_once(project: Path) -> None:
    lines = obeyed(project, help_of(read_inputs(project)))
    assert [line for line in lines if line.startswith("images")] == ["images"]


def test_a_folder_with_files_of_users_is_not_named(project: Path) -> None:
    (project / "images/base").mkdir(parents=True)
    (project / "images/base/start").write_text("1\n")
    lines = obeyed(project, help_of(read_inputs(project)))
    of_images = ["images/docker-bake.json", "images/rootfs", "images/lab/default", "images/more/default"]
    assert [line for line in lines if line.startswith("images")] == of_images


def test_an_overlay_in_the_context_is_named(project: Path) -> None:
    obeyed(project, help_of(read_inputs(project)))
    overlay = (str(project / "site.yaml"),)
    assert obeyed(project, help_of(read_inputs(project, overlays=overlay))) == ["site.yaml"]
    load_inputs(read_inputs(project, overlays=overlay))


def test_an_overlay_outside_of_the_project_is_not_named(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    obeyed(project, help_of(read_inputs(project)))
    outside = tmp_path_factory.mktemp("site") / "site.yaml"
    outside.write_text("registry: registry.example.org/team\n")
    load_inputs(read_inputs(project, overlays=(str(outside),)))


LEFT_OUT = "matrix.*\nparts\n.git/**\n.image-matrix*\ndocs/**\ndeploy/*\n.github/**\n"
"""All that the help names but what is below ``images``; a pattern of files leaves a folder without them."""


@pytest.mark.parametrize("lines", ["images/**", "images/*", "images/*/*\nimages/*.json", "images"])
def test_patterns_that_leave_out_all_files_of_a_folder_are_enough(project: Path, lines: str) -> None:
    (project / ".dockerignore").write_text(f"{LEFT_OUT}{lines}\n")
    inputs = read_inputs(project)
    sent = key_and_files(load_inputs(inputs), inputs)[1]
    assert sorted(sent) == [".dockerignore", "Dockerfile", "file", "site.yaml"]


def test_what_a_pattern_of_files_does_not_leave_out_is_named(project: Path) -> None:
    (project / ".dockerignore").write_text(f"{LEFT_OUT}matrix.yaml/**\n!matrix.yaml\nimages/rootfs/**\n")
    assert obeyed(project, help_of(read_inputs(project))) == ["matrix.yaml", "images"]
    load_inputs(read_inputs(project))
