"""Against which image of a record another one is written."""

from __future__ import annotations

import pytest

from image_matrix.inventory.model import PackageName
from image_matrix.inventory.shared_packages import base_of, read_against, written_against


def packages(*names: str, version: str = "1") -> dict[PackageName, tuple[str, str]]:
    return {PackageName("apt", name): ("installed", version) for name in names}


WRITTEN = {"base": packages("a", "b"), "other": packages("a", "b", "c"), "lab": packages("a", "b", "c", "d")}


@pytest.mark.parametrize(
    ("parent", "names", "base"),
    [
        ("base", "xyz", "base"),
        ("lab", "abcd", "lab"),
        (None, "abcd", "other"),
        ("unpublished", "abcd", "other"),
        (None, "axyz", None),
        (None, "", None),
    ],
)
def test_the_parent_or_else_the_most_alike(parent: str | None, names: str, base: str | None) -> None:
    assert base_of(packages(*names), parent, WRITTEN, ["base", "other"]) == base


def test_only_differences_are_written() -> None:
    base = {**packages("a", "b"), PackageName("apt", "c"): ("packages", "1")}
    image = {
        **packages("a"),
        **packages("c", version="2"),
        PackageName("pip", "d"): ("packages", {"amd64": "1"}),
    }
    sections = written_against(image, base)
    assert sections == {
        "packages": {"pip": {"d": {"amd64": "1"}}},
        "installed": {"apt": {"c": "2"}},
        "without": {"apt": "b"},
    }
    assert read_against(sections, base) == image
