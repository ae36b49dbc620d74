"""The bake file builds Dockerfiles as they are, on our own images, and the page of images names them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all, render_builds
from image_matrix.render.bake import BAKE_FILE, escaped

FAMILY = Path(__file__).parent.parent / "fixtures/good/dockerfiles-as-they-are"


def test_a_target_has_the_users_folder_and_our_parents() -> None:
    inputs = read_inputs(FAMILY)
    files = render_builds(load_inputs(inputs), Pins(), inputs.templates)
    targets = json.loads(files[BAKE_FILE].content)["target"]
    assert targets["lab_cuda"] == {
        "context": "lab",
        "dockerfile": "cuda.Dockerfile",
        "args": {"DEVICE": "cuda"},
        "contexts": {"quay.io/team/base": "target:base_default", "tools": "target:tool_default"},
        "platforms": ["linux/amd64"],
        "tags": ["quay.io/team/lab:cuda"],
    }
    assert targets["base_default"]["target"] == "final"
    assert targets["included_default"]["contexts"] == {"quay.io/team/base:2026-11-01": "target:base_default"}
    assert "contexts" not in targets["foundation_default"]
    assert not [path for path in files if path.startswith(("images/lab/", "images/base/"))]


def test_a_target_has_the_labels_of_the_matrix() -> None:
    text = """\
version: 1
registry: quay.io/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
defaults: {images: {labels: {org.example.of: all}}}
images:
  base: {from: debian, context: foundation, labels: {org.example.made: "by ${{us}}"}}
  listed: {from: base, apt: [git]}
"""
    inputs = replace(read_inputs(FAMILY), texts={"matrix.yaml": text})
    files = render_builds(load_inputs(inputs), Pins(), inputs.templates)
    targets = json.loads(files[BAKE_FILE].content)["target"]
    assert targets["base_default"]["labels"] == {"org.example.of": "all", "org.example.made": "by $${us}"}
    assert "labels" not in targets["listed_default"], "a generated Dockerfile has them"


def test_an_argument_is_no_expression_of_bake() -> None:
    assert escaped({"A": "${TAG} %{if} $A"}) == {"A": "$${TAG} %%{if} $A"}


def test_the_page_names_the_dockerfile_and_what_is_copied_from() -> None:
    inputs = read_inputs(FAMILY)
    page = render_all(load_inputs(inputs), Pins(), inputs.templates)["docs/images.md"].content.decode()
    assert "[lab/cuda.Dockerfile](<../lab/cuda.Dockerfile>)" in page
    assert "  n_tool -.-> n_lab\n" in page
    assert "  n_base --> n_lab\n" in page
