"""Debian packages that every image of a kind has, and those that an image lists, are installed once."""

from __future__ import annotations

from pathlib import Path

from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_all

MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, kind: base, apt: [git, ca-certificates, "curl=8.14.*"]}
  plain: {from: debian, kind: base}
"""


def packages(image: str) -> list[str]:
    """The Debian packages of an image's first step."""
    templates = read_templates(Path())
    loaded = load({"matrix.yaml": MATRIX}, templates.kinds, traits=templates.kind_traits)
    text = render_all(loaded, Pins(), templates)[f"images/{image}/default/Dockerfile"].content.decode()
    step = text.partition("then this image's own packages")[2].partition("--no-install-recommends \\\n")[2]
    return [line.strip(" \\'\"") for line in step.partition("\nEOF")[0].splitlines()]


def test_a_package_of_the_contract_is_listed_once() -> None:
    names = [name.partition("=")[0] for name in packages("base")]
    assert sorted(names) == sorted({*names})
    assert {"git", "ca-certificates", "curl=8.14.*"} <= {*packages("base")}
    assert {*names} == {"git", *packages("plain")}


def test_docker_comes_with_the_kind_unless_the_image_lists_another() -> None:
    matrix = MATRIX + (
        "  brought: {from: plain, kind: buildx}\n"
        "  listed: {from: plain, kind: buildx, apt: [docker.io, docker-buildx-plugin]}\n"
        "  half: {from: plain, kind: buildx, apt: [docker-ce-cli=5*]}\n"
    )
    templates = read_templates(Path())
    loaded = load({"matrix.yaml": matrix}, templates.kinds, traits=templates.kind_traits)
    rendered = render_all(loaded, Pins(), templates)
    texts = {
        name: rendered[f"images/{name}/default/Dockerfile"].content.decode()
        for name in ("brought", "listed", "half")
    }
    assert {name: text.count(" docker-cli") for name, text in texts.items()} == {
        "brought": 1,
        "listed": 0,
        "half": 0,
    }
    plugins = {name: text.count(" docker-buildx\n") for name, text in texts.items()}
    assert plugins == {"brought": 1, "listed": 0, "half": 1}
