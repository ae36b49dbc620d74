"""A revision has the build contexts of its checkout, also in the root of the project and behind links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.project.history import read_inputs_at
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.git_commands import git

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.project.inputs import Inputs

MATRIX = """\
version: 1
registry: quay.io/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, context: ., dockerfile: docker/Dockerfile}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of its repository; everything but one folder is ignored."""
    root = tmp_path / "notebooks"
    (root / "docker").mkdir(parents=True)
    (root / "source").mkdir()
    (root / "matrix.yaml").write_text(MATRIX)
    (root / "docker/Dockerfile").write_text("FROM debian:trixie-slim\nCOPY source /\n")
    (root / "source/file").write_text("1\n")
    (root / ".dockerignore").write_text("*\n!source\n")
    git(tmp_path, "init", "--quiet")
    return root


def committed(root: Path) -> Inputs:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "State")
    inputs = read_inputs_at(root, "HEAD", "matrix.yaml", {})
    assert inputs is not None
    return inputs


def files_of(inputs: Inputs) -> tuple[bytes, dict[str, tuple[str, str]]]:
    files = load_inputs(inputs).context_files["base:default"]
    return files.dockerfile, dict(files.entries())


def test_what_the_root_ignores_is_read_at_a_revision(project: Path) -> None:
    at_revision = files_of(committed(project))
    assert at_revision == files_of(read_inputs(project))
    assert [*at_revision[1]] == ["source/file"]


@pytest.mark.parametrize("path", [".dockerignore", "docker/Dockerfile"])
def test_a_link_is_followed_as_on_disk(project: Path, path: str) -> None:
    (project / path).rename(project / "source/linked")
    (project / path).symlink_to("source/linked" if path == ".dockerignore" else "../source/linked")
    at_revision = files_of(committed(project))
    assert at_revision == files_of(read_inputs(project))
    assert b"COPY source" in at_revision[0]


@pytest.mark.parametrize("target", ["/etc/passwd", "../matrix.yaml", ".dockerignore"])
def test_a_link_to_the_outside_or_to_itself_is_no_file(project: Path, target: str) -> None:
    reader = committed(project).contexts
    assert reader.read("./.dockerignore") == b"*\n!source\n"
    (project / ".dockerignore").unlink()
    (project / ".dockerignore").symlink_to(target)
    assert committed(project).contexts.read(".dockerignore") is None


@pytest.mark.parametrize(
    ("link", "target", "context", "dockerfile"),
    [
        ("linked", "source", "linked", "Dockerfile"),
        ("docker/linked", "../source", "docker/linked", "Dockerfile"),
        ("linked", "docker/../source", "linked", "./Dockerfile"),
        ("linked", "source", "docker", "../linked/Dockerfile"),
        ("linked", "docker", ".", "linked/Dockerfile"),
        ("source/Dockerfile", "../linked/Dockerfile", "source", "Dockerfile"),
    ],
)
def test_a_folder_that_is_a_link_is_followed_as_on_disk(
    project: Path, link: str, target: str, context: str, dockerfile: str
) -> None:
    (project / "source/Dockerfile").write_text("FROM debian:trixie-slim\nCOPY file /\n")
    (project / "source/.dockerignore").write_text("other\n")
    (project / "source/other").write_text("2\n")
    if link == "source/Dockerfile":
        (project / "source/Dockerfile").rename(project / "docker/Dockerfile")
        (project / "linked").symlink_to("docker")
    (project / link).symlink_to(target)
    lines = f"context: {context}, dockerfile: {dockerfile}"
    (project / "matrix.yaml").write_text(MATRIX.replace("context: ., dockerfile: docker/Dockerfile", lines))
    at_revision = files_of(committed(project))
    assert at_revision == files_of(read_inputs(project))
    assert b"COPY" in at_revision[0]


@pytest.mark.parametrize("target", ["/etc", "..", "../source", "linked", "other"])
def test_a_folder_that_leads_nowhere_has_nothing(project: Path, target: str) -> None:
    (project / "linked").symlink_to(target)
    (project / "other").symlink_to("linked")
    reader = committed(project).contexts
    assert (reader.read("linked/file"), reader.names("linked"), reader.mode("linked/file")) == (
        None,
        None,
        None,
    )
    assert (reader.mode("linked"), reader.target("linked")) == ("120000", target)
