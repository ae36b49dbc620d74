"""Tags that name packages, with what the lock knows of them."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.diagnostics import Diagnostic, MatrixError, diagnose
from image_matrix.lock.pins import Pins
from image_matrix.validate.tag_words import instead, meant
from image_matrix.validate.tags import locked_tags
from tests.workflow.matrices import loaded, matrix


def reported(tags: list[str], requirements: dict[str, dict[str, str]], **image: Any) -> list[Diagnostic]:
    """Return what is wrong with the tags of an image that is built on `base`."""
    images = {"base": {"from": "debian"}, "lab": {"from": "base", "tags": tags, **image}}
    project = loaded(matrix(images))
    return diagnose(locked_tags(project, Pins(requirements=requirements)), project.documents)


def one(tags: list[str], requirements: dict[str, dict[str, str]], **image: Any) -> Diagnostic:
    (item,) = reported(tags, requirements, **image)
    return item


WORDS = ("sha", "Timestamp", "run_number", "flavor", "name", "parent")
NUMPY = {"base:default": {"amd64": "numpy==2.4.1 \\\n    --hash=sha256:0\ntorch==2.9.0+cu130\n"}}
WITH_PIP = {"apt": ["python3-pip"]}
"""What installs a Python package in an image without a kind."""


def test_a_package_of_the_lock_has_a_value() -> None:
    assert reported(["{package.numpy}", "np{package.NumPy.minor}"], NUMPY) == []


def test_without_a_lock_the_tag_has_no_value() -> None:
    item = one(["{package.numpy}"], {}, pip=["numpy==2.4.1"], **WITH_PIP)
    assert item.code == "IM605"
    assert "`{package.numpy}` of lab:default" in item.message
    assert item.help == "run `image-matrix lock`, then `image-matrix render`, and commit what they change"
    assert item.place.source[item.place.column - 1 :].startswith('"{package.numpy}"')


def test_a_package_that_the_image_does_not_have() -> None:
    item = one(["{package.nunpy}"], NUMPY)
    assert "the lock has no package `nunpy` of it" in item.message
    assert item.help == "did you mean `numpy`?"


def test_a_part_that_the_version_does_not_have() -> None:
    requirements = {"lab:default": {"amd64": "numpy==2.4\n"}}
    assert "the locked version is 2.4" in one(["{package.numpy.patch}"], requirements).message


def test_a_version_for_each_platform() -> None:
    requirements = {"lab:default": {"amd64": "numpy==2.4.1\n", "arm64": "numpy==2.3.0\n"}}
    assert "has a version for each platform: 2.3.0, 2.4.1" in one(["{package.numpy}"], requirements).message


def test_a_version_that_no_tag_can_have() -> None:
    item = one(["{package.torch}"], NUMPY)
    assert item.code == "IM402"
    assert item.help.startswith("write `2.9.0-cu130`")


def test_two_images_with_one_tag_by_their_packages() -> None:
    images = {
        "base": {"from": "debian"},
        "one": {"from": "base", "axes": {"d": ["a"]}, "repository": "shared", "tags": ["{package.numpy}"]},
        "two": {"from": "base", "axes": {"d": ["b"]}, "repository": "shared", "tags": ["2.4.1"]},
    }
    project = loaded(matrix(images))
    (item,) = diagnose(locked_tags(project, Pins(requirements=NUMPY)), project.documents)
    assert item.code == "IM305"
    assert item.related


@pytest.mark.parametrize("text", ["{package.}", "{package}", "{package.a b}"])
def test_a_package_without_a_name_is_no_placeholder(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        reported([text], NUMPY)
    (item,) = caught.value.diagnostics
    assert item.code == "IM207"
    assert item.help == "write the name of a package that the lock has, as in `{package.numpy}`"


@pytest.mark.parametrize("text", ["{DATE}", "{Date}", "{ date}"])
def test_a_placeholder_in_other_letters(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        reported([text], NUMPY)
    (item,) = caught.value.diagnostics
    assert "{date}" in item.help


def test_an_image_without_packages_is_not_sent_to_the_lock() -> None:
    item = one(["{package.numpy}"], {}, apt=["git"])
    assert item.code == "IM105"
    assert "the image and its parents list no Python or conda package" in item.message
    assert item.help == "add `numpy` with its version to `pip`, or remove the placeholder"


def test_what_is_written_in_place_of_another_programs_word_is_a_placeholder() -> None:
    fields = list(dict.fromkeys(meant(word) for word in WORDS))
    assert reported([f"x{{{field}}}" for field in fields], {}) == []
    assert instead("NumPy.minor", {"numpy"}) == "write `{package.numpy.minor}` for the version of the package"
    assert instead("numpy.micro", {"numpy"}) is None
