from __future__ import annotations

from dataclasses import replace

import pytest

from image_matrix.errors import Failure
from image_matrix.lock.pins import Pins
from image_matrix.publish.moving_tags import Moment, moving_tags
from tests.publish.states import STATE, state
from tests.workflow.matrices import matrix

MOMENT = Moment(date="2026-11-28", commit="0123456789abcdef0123456789abcdef01234567", release="7")
HOME = "ghcr.io/example/notebooks"


def tags_of(images: dict[str, object], pins: Pins | None = None) -> dict[str, str]:
    made = state(matrix(images, axes={"python": ["3.13.5", "3.11"], "device": ["cpu", "cuda"]}))
    tags = moving_tags(replace(made, pins=pins) if pins else made, MOMENT)
    return {reference.removeprefix(f"{HOME}/"): name for reference, name in tags.items()}


def test_without_tags_the_label_and_latest() -> None:
    tags = moving_tags(STATE, MOMENT)
    assert tags[f"{HOME}/base:latest"] == "base:python3.13"
    assert tags[f"{HOME}/base:python3.11"] == "base:python3.11"
    assert len(tags) == 6


def test_tags_take_the_place_of_label_and_latest() -> None:
    every = [
        "{python.major}.{python.minor}",
        "{date}",
        "{commit}",
        "r{release}",
        "x-{key}",
        "{variant}-{image}-{from}",
    ]
    made = state(matrix({"base": {"from": "debian", "axes": {"python": ["3.13"]}, "tags": every}}))
    key = made.keys["base:python3.13"].index[:12]
    assert list(moving_tags(made, MOMENT)) == [
        f"{HOME}/base:3.13",
        f"{HOME}/base:2026-11-28",
        f"{HOME}/base:0123456789ab",
        f"{HOME}/base:r7",
        f"{HOME}/base:x-{key}",
        f"{HOME}/base:python3.13-base-debian",
    ]


def test_the_first_variant_gets_a_tag_that_several_would_have() -> None:
    tags = tags_of({"lab": {"from": "debian", "axes": ["device"], "tags": ["latest", "{device}"]}})
    assert tags == {"lab:latest": "lab:cpu", "lab:cpu": "lab:cpu", "lab:cuda": "lab:cuda"}


def test_a_repository_for_each_value_has_its_own_first_variant() -> None:
    tags = tags_of(
        {"lab": {"from": "debian", "axes": ["device"], "repository": "lab-{device}", "tags": ["latest"]}}
    )
    assert tags == {"lab-cpu:latest": "lab:cpu", "lab-cuda:latest": "lab:cuda"}


def test_children_do_not_have_their_parents_tags() -> None:
    tags = tags_of({"base": {"from": "debian", "tags": ["b"], "repository": "x"}, "leaf": {"from": "base"}})
    assert tags == {"x:b": "base:default", "leaf:default": "leaf:default", "leaf:latest": "leaf:default"}


def test_what_is_not_published_has_no_tags() -> None:
    tags = tags_of({"base": {"from": "debian", "publish": False}, "leaf": {"from": "base", "tags": ["x"]}})
    assert tags == {"leaf:x": "leaf:default"}


def test_an_override_replaces_the_tags() -> None:
    override = {"match": {"device": "cuda"}, "tags": ["{device}-latest"]}
    tags = tags_of(
        {"lab": {"from": "debian", "axes": ["device"], "tags": ["latest"], "overrides": [override]}}
    )
    assert tags == {"lab:latest": "lab:cpu", "lab:cuda-latest": "lab:cuda"}


def test_a_variant_called_latest_has_the_tag_of_its_name() -> None:
    tags = tags_of({"lab": {"from": "debian", "axes": {"channel": ["stable", "latest"]}}})
    assert tags == {"lab:stable": "lab:stable", "lab:latest": "lab:latest"}


PINS = Pins(
    requirements={
        "base:default": {"amd64": "jupyterlab==4.5.0 \\\n    --hash=sha256:0\n", "arm64": "jupyterlab==4.5.0\n"}
    },
    explicit={"leaf:default": {"amd64": "@EXPLICIT\nhttps://conda.example.org/noarch/scikit-learn-1.8.0-py_0.conda\n"}},
)  # fmt: skip


def test_packages_of_the_variant_and_of_what_it_is_built_on() -> None:
    leaf = {"from": "base", "tags": ["{package.JupyterLab}", "sk{package.scikit_learn.minor}"]}
    tags = tags_of({"base": {"from": "debian"}, "leaf": leaf}, PINS)
    assert [tag for tag in tags if tag.startswith("leaf")] == ["leaf:4.5.0", "leaf:sk8"]


def test_two_images_that_get_one_tag_by_the_values_of_a_release() -> None:
    """What the placeholders stand for is the same, although the texts differ."""
    first = {"from": "debian", "repository": "shared", "axes": {"d": ["a"]}, "tags": ["{release}"]}
    second = {"from": "debian", "repository": "shared", "axes": {"d": ["b"]}, "tags": ["7"]}
    with pytest.raises(Failure, match=r"would both have the tag ghcr\.io/example/notebooks/shared:7"):
        tags_of({"first": first, "second": second})
