"""Rows for people: which variants of an image a row is of, and what holds a version."""

from __future__ import annotations

import pytest

from image_matrix.cli.package_tables import packages_text
from image_matrix.inventory.model import Content, PackageName
from image_matrix.inventory.requests import Request
from image_matrix.inventory.rows import Holding, label_of, version_words, why

NUMPY = PackageName("pip", "numpy")
BOTH = ("amd64", "arm64")


def holding(variant: str, *requests: Request, archive: str = "", **versions: str) -> Holding:
    return Holding(variant, NUMPY, Content(versions, variant, archive=archive), BOTH, requests)


def test_variants_that_agree_share_a_row() -> None:
    every = [
        holding(f"lab:{label}", amd64=version, arm64=version)
        for label, version in zip("abc", "112", strict=True)
    ]
    names = [one.variant for one in every]
    assert packages_text(every, names, "table").splitlines() == [
        "variant  package  version  by   from  asked for by",
        "a, b     numpy    1        pip        no list",
        "c        numpy    2        pip        no list",
    ]
    assert packages_text(every, [*names, "base:x"], "table").splitlines()[1].startswith("lab:a, lab:b  numpy")
    assert "variant" not in packages_text(every[:2], names[:2], "table")


def test_an_image_is_named_alone_only_with_all_its_variants() -> None:
    assert label_of(["lab:a", "lab:b"], ["base:x", "lab:a", "lab:b"]) == "lab"
    assert label_of(["lab:a"], ["lab:a", "lab:b"]) == "lab:a"


@pytest.mark.parametrize(
    ("versions", "archive", "expected"),
    [
        ({"amd64": "1", "arm64": "1"}, "", "1"),
        ({"amd64": "1", "arm64": "2"}, "", "1 (amd64), 2 (arm64)"),
        ({"amd64": "1"}, "", "1 (amd64)"),
        ({"amd64": "", "arm64": ""}, "", "floats"),
        ({"amd64": "", "arm64": ""}, "CRAN of 2026-11-01", "CRAN of 2026-11-01"),
        ({"arm64": ""}, "", "floats (arm64)"),
    ],
)
def test_what_holds_a_version(versions: dict[str, str], archive: str, expected: str) -> None:
    assert version_words(holding("lab:a", archive=archive, **versions)) == expected


def test_who_asks() -> None:
    image, bundle = (
        Request("numpy", "image lab", "matrix.yaml", 3),
        Request("numpy", "bundle full", "b.yaml", 7),
    )
    assert why(holding("lab:a", image, amd64="1")) == "matrix.yaml:3"
    assert why(holding("lab:a", bundle, image, amd64="1")) == "bundle full (b.yaml:7) +1"
    assert why(holding("lab:a", bundle, bundle, amd64="1")) == "bundle full (b.yaml:7)"
    assert why(holding("lab:a", Request("pip", "built in"), amd64="1")) == "built in"
