"""A matrix of any size, wide and deep, from the real templates."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import TYPE_CHECKING

from bench.measure import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
version: 1
registry: registry.example.org/bench
defaults: {images: {platforms: [linux/amd64, linux/arm64]}}
axes:
  python: ["3.13", "3.12", "3.11", "3.10"]
workflow: none # GitHub takes no workflow of this size
sources:
  debian: docker.io/library/debian:trixie-slim
bundles:
  full: {pip: [numpy==2.4.6, pandas==3.1.1, scipy==1.17.1]}
images:
  base: {from: debian, axes: [python], kind: base, pip: [uv==0.13.8]}
"""
FAMILY = 10
"""Images in one family: a chain of four with leaves on it."""


def matrix(variants: int) -> str:
    """Return a matrix with about so many variants: families side by side, each five layers deep."""
    families = max(1, (variants // 4 - 1) // FAMILY)
    return HEAD + "".join(_family(number) for number in range(families))


def _family(number: int) -> str:
    name = f"team{number}"
    steps = [f"{name}-lab", *(f"{name}-step{depth}" for depth in range(3))]
    chain = [f"  {steps[0]}: {{from: base, kind: jupyter, pip: [jupyterlab==4.6.6, notebook==7.6.5]}}"]
    chain += [
        f"  {step}: {{from: {above}, apt: [git, tmux], pip: [dask==2026.8.0]}}"
        for above, step in itertools.pairwise(steps)
    ]
    leaves = [
        f"  {name}-leaf{leaf}: {{from: {steps[1 + leaf % 3]}, description: Leaf {leaf} of {name}, "
        f"bundles: [full], env: {{LEAF: 'n {leaf}'}}}}"
        for leaf in range(FAMILY - len(steps))
    ]
    return "\n".join([*chain, *leaves]) + "\n"


def write(folder: Path, variants: int) -> None:
    """Write a repository with such a matrix and this repository's templates."""
    folder.mkdir(parents=True)
    (folder / "matrix.yaml").write_text(matrix(variants))
    shutil.copytree(REPOSITORY / "templates", folder / "templates")


def commit(folder: Path) -> None:
    """Make a git repository of a folder's inputs."""
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false")
    inputs = [name for name in ("matrix.yaml", "matrix.lock.yaml", "templates") if (folder / name).exists()]
    for command in (("init", "-q"), ("add", *inputs), (*identity, "commit", "-qm", "before")):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
