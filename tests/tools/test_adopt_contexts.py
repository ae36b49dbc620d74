"""What docs/adopt.md says of several Dockerfiles in one context keeps the images of the other Dockerfiles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.planning.project_keys import keys_of

REPOSITORY = Path(__file__).parents[2]
TITLE = "## Several Dockerfiles in one context"
HEAD = """\
version: 1
registry: quay.io/team
workflow: none
sources: {ubuntu: "docker.io/library/ubuntu:noble"}
"""
REST = "matrix.yaml matrix.lock.yaml .image-matrix.json images docs deploy .github **/*.Dockerfile"
"""The other way of the page: what must be ignored (IM507), and all Dockerfiles."""


def example() -> tuple[str, str]:
    """Return the matrix and the ``.dockerignore`` of the page."""
    page = (REPOSITORY / "docs/adopt.md").read_text(encoding="utf-8")
    section = page.partition(TITLE)[2].partition("\n## ")[0]
    (matrix,) = re.findall(r"```yaml\n(.*?)```", section, flags=re.DOTALL)
    (ignored,) = re.findall(r"```text\n(.*?)```", section, flags=re.DOTALL)
    return matrix, ignored


def keys_without_warnings(root: Path) -> dict[str, str]:
    inputs = read_inputs(root)
    assert load_inputs(inputs).warnings == ()
    return keys_of(inputs)


@pytest.mark.parametrize("ignored", [example()[1], REST.replace(" ", "\n")])
def test_an_edit_of_one_dockerfile_builds_its_image_alone(ignored: str, tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text(HEAD + example()[0])
    (tmp_path / ".dockerignore").write_text(ignored)
    for folder in ("dockerfiles", "scripts"):
        (tmp_path / folder).mkdir()
    (tmp_path / "scripts/install.sh").write_text("#!/bin/sh\n")
    for name in ("r-ver_4.6.1", "r-ver_4.5.3", "rstudio_4.6.1", "rstudio_4.5.3"):
        path = tmp_path / f"dockerfiles/{name}.Dockerfile"
        path.write_text("FROM ubuntu:noble\nCOPY scripts /scripts\n")
    before = keys_without_warnings(tmp_path)
    with (tmp_path / "dockerfiles/rstudio_4.5.3.Dockerfile").open("a") as file:
        file.write("RUN true\n")
    edited = keys_without_warnings(tmp_path)
    assert [name for name in before if before[name] != edited[name]] == ["rstudio:r4.5.3"]
    (tmp_path / "scripts/install.sh").write_text("#!/bin/sh\ntrue\n")
    assert all(key != edited[name] for name, key in keys_without_warnings(tmp_path).items())
