"""Files of kinds are rendered once, and copied by the images that are to have them."""

from __future__ import annotations

import pytest

from image_matrix.output_tree.files import File
from image_matrix.project.load import load
from image_matrix.render.rootfs import by_kind, copied_kinds, named_contexts, rootfs_files
from image_matrix.render.templates import Templates

FILES = {kind: {"etc/motd": File(kind.encode())} for kind in ("base", "jupyter", "rstudio")}
TEMPLATES = Templates(dict.fromkeys(("base", "jupyter", "rstudio", "plain"), ""), {**FILES, "plain": {}})
MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base}
  lab: {from: base, kind: jupyter}
  more: {from: lab}
  own: {from: debian, kind: jupyter}
  bare: {from: debian, kind: plain}
workflow: none
"""
VARIANTS = load({"matrix.yaml": MATRIX}, {"base", "jupyter", "plain"}).variants


@pytest.mark.parametrize(
    ("image", "kinds"),
    [
        ("base", ["base"]),
        ("lab", ["jupyter"]),
        ("more", []),
        ("own", ["base", "jupyter"]),
        ("bare", ["base"]),
    ],
)
def test_an_image_copies_what_its_parent_does_not_have(image: str, kinds: list[str]) -> None:
    assert copied_kinds(VARIANTS[f"{image}:default"], FILES) == kinds


def test_a_kind_is_rendered_once_where_an_image_has_it() -> None:
    files = rootfs_files(TEMPLATES, VARIANTS.values())
    assert files == {
        "images/rootfs/base/etc/motd": FILES["base"]["etc/motd"],
        "images/rootfs/jupyter/etc/motd": FILES["jupyter"]["etc/motd"],
    }
    assert by_kind({**files, "images/lab/default/Dockerfile": File(b"")}) == {
        kind: FILES[kind] for kind in ("base", "jupyter")
    }


def test_a_context_has_the_folder_of_its_kind() -> None:
    assert named_contexts(VARIANTS["own:default"], FILES) == {
        "rootfs.invalid/base": "images/rootfs/base",
        "rootfs.invalid/jupyter": "images/rootfs/jupyter",
    }
