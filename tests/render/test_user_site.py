"""Packages below a user's home do not shadow those of the image, whichever Python it has."""

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
downloads: {micromamba: {version: "1", url: "https://example.org/micromamba", sha256: {amd64: "%s"}}}
defaults: {images: {platforms: [linux/amd64]}}
images:
  base: {from: debian, kind: base, axes: {python: ["3.13"]}, OF_BASE}
  child: {from: base, OF_CHILD}
""" % ("0" * 64)
UV = "pip: [uv==0.13.8]"


@pytest.mark.parametrize(
    ("of_base", "of_child"),
    [
        (UV, "pip: [six==1.17.0]"),
        (f"{UV}, system_site_packages: true", "pip: [six==1.17.0]"),
        ("python_provider: conda", "conda: [zlib]"),
        (f"{UV}, python_provider: uv", "pip: [six==1.17.0]"),
        (UV, "conda: [python=3.12, ipykernel]"),
    ],
)
def test_no_python_of_an_image_looks_below_the_home(tmp_path: Path, of_base: str, of_child: str) -> None:
    text = MATRIX.replace("OF_BASE", of_base).replace("OF_CHILD", of_child)
    rendered = state_of(load_project(Inputs({"matrix.yaml": text}, read_templates(tmp_path)))).rendered
    base, child = (
        rendered[f"images/{name}/python3.13/Dockerfile"].content.decode() for name in ("base", "child")
    )
    assert base.count("PYTHONNOUSERSITE=1") == 1
    assert "PYTHONNOUSERSITE" not in child
