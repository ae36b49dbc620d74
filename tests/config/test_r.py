"""What brings R, its kernel and a compiler."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.r import has_compiler, has_r, has_r_kernel, is_source, loadable, r_manager
from image_matrix.project.load import load

if TYPE_CHECKING:
    from image_matrix.config.model import Manager, Variant

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images: {one: {from: debian, kind: base}}
"""


def variant(**packages: list[str]) -> Variant:
    """An image with lists of packages, whatever else would have to be there."""
    loaded = load({"matrix.yaml": MATRIX}, {"base"})
    listed: dict[Manager, tuple[str, ...]] = {name: tuple(items) for name, items in packages.items()}  # type: ignore[misc]
    return replace(loaded.variants["one:default"], packages=listed)


@pytest.mark.parametrize(
    ("apt", "conda", "manager"),
    [
        (["r-base"], [], "apt"),
        (["r-cran-sf=1.0-20"], ["r-base=4.5"], "apt"),
        ([], ["conda-forge::r-sf"], "conda"),
        (["r-recommended"], [], "apt"),
        (["rsync", "radare2"], ["rust", "ripgrep"], None),
    ],
)
def test_what_brings_r(apt: list[str], conda: list[str], manager: Manager | None) -> None:
    item = variant(apt=apt, conda=conda)
    assert (r_manager(item), has_r([item])) == (manager, manager is not None)


def test_a_stated_r_is_there() -> None:
    assert has_r([replace(variant(), provides={"r": "4.5"})])


@pytest.mark.parametrize(
    "packages", [{"apt": ["r-cran-irkernel"]}, {"conda": ["r-essentials"]}, {"cran": ["IRkernel"]}]
)
def test_what_brings_its_kernel(packages: dict[str, list[str]]) -> None:
    assert has_r_kernel([variant(), variant(**packages)])
    assert not has_r_kernel([variant(apt=["r-base"], conda=["r-base"], cran=["sf"])])


def test_r_base_brings_no_compiler() -> None:
    assert not has_compiler([variant(apt=["r-base"])])
    assert has_compiler([variant(apt=["git"]), variant(apt=["r-base-dev"])])


def test_what_is_built_and_what_can_be_loaded() -> None:
    entries = ["sf", "glue@1.8.0", "bioc::Biobase", "github::owner/R-lib@" + 40 * "0"]
    assert [is_source(entry) for entry in entries] == [False, True, True, True]
    assert [*loadable(variant(cran=entries))] == ["sf", "glue", "Biobase"]
