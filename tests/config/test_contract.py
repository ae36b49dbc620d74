"""What images promise and provide: which of several statements counts, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.config.model import Kind
from image_matrix.config.variants import resolution_of
from image_matrix.lock.distributions import python_of
from image_matrix.project.load import load

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

KINDS = {"base": Kind(), "worker": Kind("service", lays_out=False), "addition": Kind(None, lays_out=False)}
MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources:
  debian: docker.io/library/debian:trixie-slim
  pangeo: {image: "quay.io/pangeo/pangeo-notebook:1", provides: {jupyterhub: "5.4", python: "3.12", r: "4.6"}}
images:
  base: {from: debian, kind: base}
  lab: {from: base}
  batch: {from: lab, contract: none}
  again: {from: batch, kind: base}
  queue: {from: debian, kind: worker}
  queue-more: {from: queue, kind: addition}
  plain: {from: debian}
  theirs: {from: pangeo, axes: {size: [small, big]}, cran: [data.table]}
  near: {from: theirs, provides: {python: "3.11"}, overrides: [{match: {size: big}, provides: {python: "3.10"}}]}
  far: {from: near}
  ours: {from: theirs, contract: service, overrides: [{match: {size: big}, contract: none}]}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load({"matrix.yaml": MATRIX}, KINDS, traits=KINDS)


@pytest.mark.parametrize(
    ("variant", "contract", "origin"),
    [
        ("base:default", "notebook", "kind base"),
        ("lab:default", "notebook", "parent base:default"),
        ("batch:default", "none", "image batch"),
        ("again:default", "notebook", "kind base"),
        ("queue:default", "service", "kind worker"),
        ("queue-more:default", "service", "parent queue:default"),
        ("plain:default", "none", "built in"),
        ("theirs:small", "none", "built in"),
        ("ours:small", "service", "image ours"),
        ("ours:big", "none", "override size big"),
    ],
)
def test_the_last_statement_counts(loaded: Loaded, variant: str, contract: str, origin: str) -> None:
    item = loaded.variants[variant]
    assert item.contract == contract
    stated = resolution_of(loaded.matrix, loaded.variants, item).scalars["contract"]
    assert (stated.value, str(stated.origin)) == (contract, origin)


def test_what_a_source_provides_is_the_image_s_that_starts_at_it(loaded: Loaded) -> None:
    assert loaded.variants["theirs:small"].provides == {"jupyterhub": "5.4", "python": "3.12", "r": "4.6"}
    assert loaded.variants["ours:small"].provides == {}, "children inherit it through the chain"
    assert loaded.variants["plain:default"].provides == {}


def test_the_lock_resolves_for_the_python_that_a_source_provides(loaded: Loaded) -> None:
    assert python_of(loaded.matrix, loaded.variants["ours:small"]) == "3.12"
    assert python_of(loaded.matrix, loaded.variants["plain:default"]) == "3.13"


@pytest.mark.parametrize("image", ["near", "far"])
def test_the_lock_resolves_for_the_python_that_the_nearest_ancestor_states(
    loaded: Loaded, image: str
) -> None:
    pythons = {
        size: python_of(loaded.matrix, loaded.variants[f"{image}:{size}"]) for size in ("small", "big")
    }
    assert pythons == {"small": "3.11", "big": "3.10"}
