"""docs/templates.md lists what templates have, and its example works."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.diagnostics import catalogue
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs, read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_all
from image_matrix.render import dockerfile
from image_matrix.render.templates import QUOTING
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (REPOSITORY / "docs/templates.md").read_text(encoding="utf-8")
SKELETON = (REPOSITORY / "templates/dockerfiles/skeleton.Dockerfile.j2").read_text(encoding="utf-8")
MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8]}
"""
CONDA = """\
  gdal: {from: base, conda: [gdal]}
downloads:
  micromamba:
    version: "2.6.2"
    url: "https://example.org/{version}/micromamba-{arch}"
    to: /usr/local/bin/micromamba
    sha256: {amd64: "SUM", arm64: "SUM"}
""".replace("SUM", "0" * 64)


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(title: str) -> list[str]:
    rows = re.findall(r"^\| (`.*?) \|", section(title), flags=re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_the_blocks_are_those_of_the_skeleton() -> None:
    assert first_cells("Change a block") == re.findall(r"{%-? block (\w+)", SKELETON)


def test_the_filters_are_all_there() -> None:
    assert set(first_cells("Filters")) == set(QUOTING)


@pytest.fixture(scope="module")
def passed() -> dict[str, list[Any]]:
    """What templates are given, of the reference matrix and of one with conda: name to its values."""
    values: dict[str, list[Any]] = {}

    def render(*_: object, **given: object) -> str:
        for name, value in given.items():
            values.setdefault(name, []).append(value)
        return "FROM scratch\n"

    inputs = read_inputs(REPOSITORY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dockerfile, "render", render)
        for texts in (inputs.texts, {"matrix.yaml": MATRIX + CONDA}):
            render_all(load(texts, inputs.templates.kinds), Pins(), inputs.templates)
    return values


def test_the_variables_are_those_that_are_passed(passed: dict[str, list[Any]]) -> None:
    assert set(first_cells("Variables")) == passed.keys()


def rows() -> list[tuple[list[str], list[str]]]:
    """The variables of each row, and the names that its text says they have."""
    cells = re.findall(r"^\| (`.*?) \| (.*) \|$", section("Variables"), flags=re.MULTILINE)
    split = [(re.findall(r"`(\w+)`", first), re.findall(r"`([\w.]+)`", text)) for first, text in cells]
    return [(names, [word for word in words if word not in names]) for names, words in split]


def has(value: Any, name: str) -> bool:
    """Say whether a value has an attribute or a key, itself or in what it lists."""
    if isinstance(value, (list, tuple)):
        return any(has(item, name) for item in value)
    if isinstance(value, Mapping):
        return name in value or any(has(item, name) for item in value.values())
    return hasattr(value, name) or has(getattr(value, "by_arch", ()), name)


@pytest.mark.parametrize(("names", "word"), [(names, word) for names, words in rows() for word in words])
def test_what_a_row_names_is_there(passed: dict[str, list[Any]], names: list[str], word: str) -> None:
    values = [value for name in names for value in passed[name] if value is not None]
    assert any(has(value, word.removeprefix(f"{names[0]}.")) for value in values)


def test_values_of_one_row_are_of_one_type(passed: dict[str, list[Any]]) -> None:
    for names, words in rows():
        found = [value for name in names for value in passed[name] if words and value]
        types = {type(item) for value in found for item in (value if isinstance(value, list) else [value])}
        assert len(types) <= 1, names


def test_everything_that_a_file_to_fetch_has_is_named() -> None:
    (words,) = [words for names, words in rows() if "downloads" in names]
    assert set(words) - {"url", "sha256"} == {name for name in dir(dockerfile.Fetch) if name[0] != "_"}


def test_explain_lists_what_the_page_does() -> None:
    named = set(re.findall(r"`(\w+)`", catalogue.TEMPLATE_ERROR.words.about))
    assert named == {*first_cells("Variables"), *first_cells("Filters")}


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
    assert "COPY --from=rootfs.invalid/marimo --chmod=0755 . /" in text
    assert "images/rootfs/marimo/etc/services.d/marimo/run" in rendered
    assert templates.serving == {"jupyter", "codeserver", "rstudio", "marimo"}
    background = tmp_path / "templates/rootfs/marimo/etc/services.d/marimo/background"
    background.touch()
    assert "marimo" not in read_templates(tmp_path).serving
