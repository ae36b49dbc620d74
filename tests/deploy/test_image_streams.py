"""ImageStreams for Open Data Hub: their form, what they say about images, and the tag of the release before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from image_matrix.lock.pins import Pins
from image_matrix.render.kubernetes.outputs import IMAGE_STREAMS, deploy_files
from tests import yaml_files
from tests.deploy.support import references, small
from tests.deploy.test_kustomize import build, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.loaded import Loaded

SCHEMA = json.loads((Path(__file__).parent / "imagestream.schema.json").read_text(encoding="utf-8"))
SITE = "sites: {odh: {spawner: opendatahub}}"
PATH = f"deploy/odh/{IMAGE_STREAMS}"
SCIPY = "jupyter-scipy-python3-13"
PREFIX = "opendatahub.io"
LOCKED = Pins(requirements={"jupyter-scipy:python3.13": {"amd64": "scipy==1.17.1 \\\n    --hash=sha256:0\n"}})


def rendered(loaded: Loaded, previous: Sequence[Mapping[str, Any]] = (), **how: str) -> dict[str, str]:
    files = deploy_files(
        loaded.matrix,
        loaded.variants,
        references(loaded, **how),
        {"odh": previous},
        LOCKED,
        {"jupyter-scipy:python3.13": "c0ffee"},
    )
    return {path: file.content.decode() for path, file in files.items() if path.startswith("deploy/odh/")}


def streams(loaded: Loaded, previous: Sequence[Mapping[str, Any]] = (), **how: str) -> dict[str, Any]:
    items = yaml_files.load_all(rendered(loaded, previous, **how)[PATH])
    return {item["metadata"]["name"]: item for item in items}


def images(stream: Mapping[str, Any]) -> list[str]:
    return [tag["from"]["name"].rpartition("@sha256:")[2][:1] for tag in stream["spec"]["tags"]]


@pytest.mark.parametrize("digest", ["", "a"])
def test_they_have_the_form_that_openshift_takes(digest: str) -> None:
    loaded = small(SITE)
    every = streams(loaded, digest=digest)
    assert list(every) == [SCIPY, "jupyter-scipy-python3-11", "jupyter-cuda-python3-13"]
    for stream in every.values():
        Draft202012Validator(SCHEMA).validate(stream)


def test_what_the_dashboard_shows_of_an_image() -> None:
    loaded = small(
        SITE, "images: {jupyter-scipy: {description: SciPy}}", "accelerators: {cuda: {version: '13.0'}}"
    )
    every = streams(loaded, digest="a")
    about = every[SCIPY]["metadata"]["annotations"]
    assert about[f"{PREFIX}/notebook-image-name"] == "SciPy, Python 3.13"
    assert about[f"{PREFIX}/notebook-image-order"] == "1"
    assert f"{PREFIX}/recommended-accelerators" not in about
    tag = every[SCIPY]["spec"]["tags"][0]["annotations"]
    assert json.loads(tag[f"{PREFIX}/notebook-software"]) == [{"name": "Python", "version": "3.13"}]
    assert json.loads(tag[f"{PREFIX}/notebook-python-dependencies"]) == [
        {"name": "uv", "version": "0.13.8"},
        {"name": "jupyterhub", "version": "5.5.0"},
        {"name": "scipy", "version": "1.17.1"},
    ]
    assert tag[f"{PREFIX}/notebook-build-commit"] == "c0ffee"
    cuda = every["jupyter-cuda-python3-13"]
    assert json.loads(cuda["metadata"]["annotations"][f"{PREFIX}/recommended-accelerators"]) == [
        "nvidia.com/gpu"
    ]
    software = json.loads(cuda["spec"]["tags"][0]["annotations"][f"{PREFIX}/notebook-software"])
    assert software[0] == {"name": "cuda", "version": "13.0"}


def test_a_stream_has_this_release_and_the_one_before() -> None:
    loaded = small(SITE)
    first = streams(loaded, mark="a" * 12, digest="a")
    assert images(first[SCIPY]) == ["a"]
    second = streams(loaded, list(first.values()), mark="b" * 12, digest="b")
    assert images(second[SCIPY]) == ["b", "a"]
    marks = [
        tag["annotations"][f"{PREFIX}/workbench-image-recommended"] for tag in second[SCIPY]["spec"]["tags"]
    ]
    assert marks == ["true", "false"]
    third = streams(loaded, list(second.values()), mark="c" * 12, digest="c")
    assert images(third[SCIPY]) == ["c", "b"]
    assert [tag["name"] for tag in third[SCIPY]["spec"]["tags"]] == [
        "python3.13-cccccccccccc",
        "python3.13-bbbbbbbbbbbb",
    ]


def test_a_release_that_changes_no_image_changes_no_stream() -> None:
    loaded = small(SITE)
    first = streams(loaded, mark="a" * 12, digest="a")
    before = rendered(loaded, list(first.values()), mark="b" * 12, digest="b")
    again = list(yaml_files.load_all(before[PATH]))
    assert rendered(loaded, again, mark="b" * 12, digest="b") == before


def test_after_a_rollback_the_bad_image_is_not_the_one_before() -> None:
    loaded = small(SITE)
    kept: list[Mapping[str, Any]] = []
    for mark in "abc":
        kept = list(streams(loaded, kept, mark=mark * 12, digest=mark).values())
    assert images(streams(loaded, kept, mark="b" * 12, digest="b")[SCIPY]) == ["b"]


def test_an_image_that_is_rebuilt_under_its_tag_takes_its_place() -> None:
    loaded = small(SITE)
    first = streams(loaded, digest="a")
    assert images(streams(loaded, list(first.values()), digest="b")[SCIPY]) == ["b"]


def test_what_was_offered_before_keeps_what_is_said_of_it() -> None:
    first = streams(small(SITE), mark="a" * 12, digest="a")
    later = small(SITE, "images: {jupyter-scipy: {pip: [scipy==1.18.0]}}")
    second = streams(later, list(first.values()), mark="b" * 12, digest="b")
    before = second[SCIPY]["spec"]["tags"][1]["annotations"][f"{PREFIX}/notebook-python-dependencies"]
    assert {"name": "scipy", "version": "1.17.1"} in json.loads(before)


def test_images_for_groups_are_left_out() -> None:
    every = streams(small(SITE, "profiles: {gpu: {groups: [research]}}"))
    assert list(every) == [SCIPY, "jupyter-scipy-python3-11"]


def test_the_images_of_a_deprecated_profile_are_outdated() -> None:
    loaded = small(SITE, "profiles: {gpu: {deprecated: {successor: data-science}}}")
    every = streams(loaded)
    outdated = {
        name: f"{PREFIX}/image-tag-outdated" in item["spec"]["tags"][0]["annotations"]
        for name, item in every.items()
    }
    assert outdated == {SCIPY: False, "jupyter-scipy-python3-11": False, "jupyter-cuda-python3-13": True}


@pytest.mark.slow
@pytest.mark.parametrize(("site", "namespace"), [("{}", "opendatahub"), ("{namespace: apps}", "apps")])
def test_kustomize_brings_them_to_the_namespace(tmp_path: Path, site: str, namespace: str) -> None:
    loaded = small(
        f"sites: {{odh: {site}}}".replace("{}", "{spawner: opendatahub}").replace(
            "{n", "{spawner: opendatahub, n"
        )
    )
    write(rendered(loaded), tmp_path)
    assert build(tmp_path / "deploy/odh/opendatahub")["ImageStream"]["metadata"]["namespace"] == namespace
