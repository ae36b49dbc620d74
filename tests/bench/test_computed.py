"""Sizes that are computed from the lock."""

from __future__ import annotations

from bench.computed import Bytes, computed
from bench.wheels import Locked, locked, size, total
from image_matrix.project.load import load

PURE, COMPILED, OTHER = "a" * 64, "b" * 64, "c" * 64
REQUIREMENTS = f"""\
# via pip
x==1.0 \\
    --hash=sha256:{PURE} \\
    --hash=sha256:{COMPILED}
y-z==2.0 \\
    --hash=sha256:{OTHER}
"""
SIZES = {"x": {PURE: 10, COMPILED: 100, "d" * 64: 7}, "y-z": {OTHER: 5}}
MATRIX = """
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8]}
  lab: {from: base, pip: [x==1.0]}
  torch: {from: lab, pip: [y-z==2.0]}
  floating: {from: lab, pip: [y-z==2.0]}
  tools: {from: lab, apt: [git], pip: [y-z==2.0]}
"""


def test_all_checksums_of_a_package_are_read() -> None:
    assert locked(REQUIREMENTS) == [Locked("x", (PURE, COMPILED)), Locked("y-z", (OTHER,))]


def test_the_compiled_wheel_counts() -> None:
    assert size(Locked("x", (PURE, COMPILED)), SIZES["x"]) == 100
    assert total(REQUIREMENTS, SIZES.__getitem__) == 105


def test_only_what_stands_on_measured_images_and_is_locked_is_computed() -> None:
    variants = load({"matrix.yaml": MATRIX}, ["base"]).variants
    ids = {one.image: name for name, one in variants.items()}
    requirements = {ids[image]: REQUIREMENTS for image in ("base", "lab", "torch", "tools")}
    measured = {ids["lab"]: Bytes(1000, 2000)}
    assert computed(variants, requirements, measured, SIZES.__getitem__) == {ids["torch"]: Bytes(1105, 2105)}
