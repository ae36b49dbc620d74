"""An image has a locale: it is generated once in a chain, and variables name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import State, make_plan
from image_matrix.project.inputs import Inputs, read_templates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEAD = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
"""
GERMAN = """ENV LANG=de_DE.UTF-8 \\
    LANGUAGE=de_DE.UTF-8 \\
    LC_ALL=de_DE.UTF-8
"""
GENERATE = "echo 'de_DE.UTF-8 UTF-8' >> /etc/locale.gen\nlocale-gen\n"
KINDS = ["{from: debian, ", "{from: debian, kind: base, "]


def state(root: Path, matrix: str) -> State:
    return state_of(load_project(Inputs({"matrix.yaml": HEAD + matrix}, read_templates(root))))


def dockerfiles(root: Path, matrix: str) -> Mapping[str, str]:
    """Return the Dockerfile of each variant of a matrix: ``base/default`` to the text."""
    return {
        path.removeprefix("images/").removesuffix("/Dockerfile"): file.content.decode()
        for path, file in state(root, matrix).rendered.items()
        if path.endswith("/Dockerfile")
    }


@pytest.mark.parametrize("start", KINDS)
def test_a_locale_is_generated_before_what_it_is_for(tmp_path: Path, start: str) -> None:
    text = dockerfiles(tmp_path, f"images: {{base: {start}locale: de_DE.UTF-8, env: {{LANG: C.UTF-8}}}}}}\n")[
        "base/default"
    ]
    step, variables = text.split(GERMAN)
    assert step.rstrip().endswith("EOF")
    assert GENERATE in step.rpartition("RUN")[2]
    assert 'ENV LANG="C.UTF-8"' in variables


@pytest.mark.parametrize("start", KINDS)
def test_what_every_distribution_has_is_not_generated(tmp_path: Path, start: str) -> None:
    text = dockerfiles(tmp_path, f"images: {{base: {start}locale: C.UTF-8}}}}\n")["base/default"]
    assert "    LC_ALL=C.UTF-8\n" in text
    assert "locale-gen" not in text


@pytest.mark.parametrize("start", KINDS)
def test_without_a_locale_nothing_is_set(tmp_path: Path, start: str) -> None:
    text = dockerfiles(tmp_path, f"images: {{base: {start}env: {{A: b}}}}}}\n")["base/default"]
    assert "locale-gen" not in text
    assert "LC_ALL" not in text


def test_only_what_is_set_runs_as_root(tmp_path: Path) -> None:
    text = dockerfiles(tmp_path, "images: {base: {from: debian, locale: C.UTF-8}}\n")["base/default"]
    assert "RUN" not in text
    assert "USER" not in text


FAMILY = """\
defaults: {images: {locale: de_DE.UTF-8}}
images:
  base: {from: debian, kind: base}
  heir: {from: base}
  french: {from: heir, locale: fr_FR.UTF-8}
  again: {from: french}
  plain: {from: base, locale: null}
"""


def test_a_chain_generates_each_locale_once(tmp_path: Path) -> None:
    texts = dockerfiles(tmp_path, FAMILY)
    assert [name for name, text in texts.items() if "locale-gen" in text] == [
        "base/default",
        "french/default",
    ]
    assert [name for name, text in texts.items() if GERMAN in text] == [
        "base/default",
        "heir/default",
        "again/default",
    ]
    assert "LC_ALL=fr_FR.UTF-8" in texts["french/default"]
    assert "LC_ALL" not in texts["plain/default"]


def test_a_locale_that_the_kind_of_a_parent_ignores_is_still_to_be_generated(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "dockerfiles"
    folder.mkdir(parents=True)
    (folder / "mine.Dockerfile.j2").write_text(
        "FROM {{ source | word }}\nLABEL a={{ variant.image | env }}\n"
    )
    texts = dockerfiles(
        tmp_path,
        "defaults: {images: {locale: de_DE.UTF-8}}\n"
        "images: {base: {from: debian, kind: mine}, heir: {from: base}}\n",
    )
    assert GENERATE in texts["heir/default"]


def test_a_plan_names_the_locale(tmp_path: Path) -> None:
    images = "images: {base: {from: debian, locale: LOCALE}}\n"
    before, after = (state(tmp_path, images.replace("LOCALE", name)) for name in ("de_DE.UTF-8", "C.UTF-8"))
    assert {entry.why for entry in make_plan(before, after, None).build} == {"locale"}
