"""docs/templates.md lists what templates have, and its example works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.model import Variant
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs, read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_all
from image_matrix.render import dockerfile
from image_matrix.render.templates import QUOTING
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PAGE = (REPOSITORY / "docs/templates.md").read_text(encoding="utf-8")
SKELETON = (REPOSITORY / "templates/dockerfiles/skeleton.Dockerfile.j2").read_text(encoding="utf-8")
MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, template: base, pip: [uv==0.13.8]}
"""


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(title: str) -> list[str]:
    rows = re.findall(r"^\| (`.*?) \|", section(title), flags=re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_the_blocks_are_those_of_the_skeleton() -> None:
    assert first_cells("Blocks") == re.findall(r"{%-? block (\w+)", SKELETON)


def test_the_filters_are_all_there() -> None:
    assert set(first_cells("Filters")) == set(QUOTING)


def test_the_variables_are_those_that_are_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: set[str] = set()

    def render(*_: object, **values: object) -> str:
        passed.update(values)
        return "FROM scratch\n"

    monkeypatch.setattr(dockerfile, "render", render)
    inputs = read_inputs(REPOSITORY)
    render_all(load(inputs.texts, inputs.templates.kinds), Pins(), inputs.templates)
    assert set(first_cells("Variables")) == passed


def test_the_fields_of_a_variant_exist() -> None:
    listed = re.findall(r"`(\w+)`", section("Variables").partition("the variant: ")[2].partition("|")[0])
    assert [name for name in listed if not hasattr(Variant, name)] == []


def test_the_example_renders(tmp_path: Path) -> None:
    blocks = re.findall(r"^`(\S+)`\n\n```\w+\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    files = dict(blocks)
    assert len(files) == 4
    matrix = files.pop("matrix.yaml").removeprefix("images:\n")
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    templates = read_templates(tmp_path)
    rendered = render_all(load({"matrix.yaml": MATRIX + matrix}, templates.kinds), Pins(), templates)
    text = rendered["images/marimo/default/Dockerfile"].content.decode()
    assert "ENV XDG_CONFIG_HOME=/tmp/config" in text
    assert "COPY --chmod=0755 rootfs/ /" in text
    assert "images/marimo/default/rootfs/etc/services.d/marimo/run" in rendered
    assert templates.serving == {"jupyter", "codeserver", "rstudio", "marimo"}
    background = tmp_path / "templates/rootfs/marimo/etc/services.d/marimo/background"
    background.touch()
    assert "marimo" not in read_templates(tmp_path).serving
