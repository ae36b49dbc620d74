"""Packages below a user's home do not shadow those of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.project.inputs import Inputs, read_templates

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, kind: base, axes: {python: ["3.13"]}, system_site_packages: SEEN, pip: [uv==0.13.8]}
  child: {from: base, pip: [six==1.17.0]}
"""


@pytest.mark.parametrize(("seen", "count"), [("true", 1), ("false", 0)])
def test_a_python_that_sees_the_sources_packages_does_not_see_the_users(
    tmp_path: Path, seen: str, count: int
) -> None:
    """site.ENABLE_USER_SITE is false in a virtual environment, unless that sees the system's packages."""
    rendered = state_of(
        load_project(Inputs({"matrix.yaml": MATRIX.replace("SEEN", seen)}, read_templates(tmp_path)))
    ).rendered
    base, child = (
        rendered[f"images/{name}/python3.13/Dockerfile"].content.decode() for name in ("base", "child")
    )
    assert base.count("\nENV PYTHONNOUSERSITE=1\n") == count
    assert "PYTHONNOUSERSITE" not in child
