"""``release.lists``: the catalog and its schema, and a devcontainer.json for each offered image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from image_matrix.lock.pins import Pins
from image_matrix.project.load import load
from image_matrix.render.lists.catalog_json import schema_text
from image_matrix.render.lists.outputs import CATALOG, list_files
from image_matrix.render.lists.released import ReleasedImage
from tests.deploy.support import ROOT, reference, references, small

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded

LISTS = "release: {lists: [catalog, devcontainers]}"
DEVCONTAINER = json.loads((Path(__file__).parent / "devcontainer.schema.json").read_text(encoding="utf-8"))
BOTH = "defaults: {images: {platforms: [linux/amd64, linux/arm64]}}"
DIGEST = f"sha256:{'a' * 64}"
LINES = {
    "base:python3.13": {"amd64": "uv==0.13.8 \\\n", "arm64": "uv==0.13.8 \\\n"},
    "jupyter-scipy:python3.13": {
        "amd64": "numpy==2.4.6 \\\nnvidia-nccl==2.28 \\\nscipy==1.17.1 \\\nuv==0.13.9 \\\n",
        "arm64": "numpy==2.4.5 \\\nscipy==1.17.1 \\\nuv==0.13.9 \\\n",
    },
}


def lists(
    loaded: Loaded, released: Mapping[str, ReleasedImage] | None = None, pins: Pins | None = None, **how: str
) -> dict[str, Any]:
    named = references(loaded, **how)
    files = list_files(loaded.matrix, loaded.variants, named, pins or Pins(), released or {})
    return {path: json.loads(file.content) for path, file in files.items()}


def entry(catalog: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in catalog["images"] if f"{item['image']}:{item['variant']}" == name)


def test_they_are_off_by_default() -> None:
    assert lists(small()) == {}


def test_the_catalog_fits_its_schema() -> None:
    validator = Draft202012Validator(json.loads(schema_text()))
    released = {
        name: ReleasedImage(DIGEST, "2026-11-29T08:00:00+00:00", "c0ffee", {"linux/amd64": 5})
        for name in reference().variants
    }
    text = (ROOT / "matrix.yaml").read_text(encoding="utf-8")
    loaded = load(
        {"matrix.yaml": text, "lists.yaml": LISTS}, ["base", "buildx", "codeserver", "jupyter", "rstudio"]
    )
    for known in ({}, released):
        catalog = lists(loaded, known)[CATALOG]
        validator.validate(catalog)
        assert len(catalog["images"]) == len(loaded.variants)


def test_what_the_catalog_says_of_an_image() -> None:
    loaded = small(LISTS, "images: {jupyter-scipy: {apt: [git]}}", BOTH)
    image = entry(lists(loaded, pins=Pins(requirements=LINES))[CATALOG], "jupyter-scipy:python3.13")
    assert image["axes"] == {"python": "3.13"}
    assert image["software"] == {"Python": "3.13"}
    assert image["requested"] == {"apt": ["git"], "pip": ["uv==0.13.8", "jupyterhub==5.5.0", "scipy==1.17.1"]}
    assert image["packages"] == {
        "pip": {
            "numpy": {"amd64": "2.4.6", "arm64": "2.4.5"},
            "nvidia-nccl": {"amd64": "2.28"},
            "scipy": "1.17.1",
            "uv": "0.13.9",
        }
    }
    assert not {"digest", "created", "commit", "size", "accelerator"} & image.keys()


def test_who_is_offered_an_image() -> None:
    loaded = small(LISTS, "profiles: {gpu: {groups: [research]}}")
    catalog = lists(loaded)[CATALOG]
    gpu = {"profile": "gpu", "display_name": "GPU", "groups": ["research"]}
    assert entry(catalog, "jupyter-cuda:python3.13")["profiles"] == [
        {"site": "hub", **gpu},
        {"site": "kubeflow", **gpu},
    ]
    assert entry(catalog, "jupyter-cuda:python3.13")["accelerator"] == {
        "name": "cuda",
        "device": "nvidia.com/gpu",
    }
    twelve = small(LISTS, "accelerators: {cuda: {version: '12.6'}}")
    assert entry(lists(twelve)[CATALOG], "jupyter-cuda:python3.13")["accelerator"] == {
        "name": "cuda",
        "version": "12.6",
        "device": "nvidia.com/gpu",
        "min_driver": "525",
    }
    assert entry(catalog, "base:python3.13")["profiles"] == []


def test_a_choice_for_groups_is_for_them_alone() -> None:
    choices = "{some: {image: jupyter-scipy, groups: [ml]}, before: {image: jupyter-cuda, release: previous}}"
    profile = f"{{images: {choices}, groups: [ml, research], sizes: [gpu]}}"
    loaded = small(
        LISTS,
        f"profiles: {{data-science: {profile}, gpu: null}}",
        "images: {jupyter-scipy: {accelerator: cuda}}",
        "sites: {kubeflow: null}",
    )
    catalog = lists(loaded)[CATALOG]
    assert [item["groups"] for item in entry(catalog, "jupyter-scipy:python3.13")["profiles"]] == [["ml"]]
    assert entry(catalog, "jupyter-cuda:python3.13")["profiles"] == []


def test_what_a_release_adds() -> None:
    name = "jupyter-scipy:python3.13"
    known = ReleasedImage(
        DIGEST,
        "2026-11-29T08:00:00+00:00",
        sizes={"linux/amd64": 5},
        contents={"requested": {"pip": ["old"]}},
    )
    image = entry(lists(small(LISTS), {name: known}, digest="a")[CATALOG], name)
    assert image["reference"].endswith(DIGEST)
    assert (image["digest"], image["created"], image["size"]) == (DIGEST, known.created, {"linux/amd64": 5})
    assert "commit" not in image
    assert image["requested"] == {"pip": ["old"]}  # what is in the image, not what is in the matrix


def test_a_devcontainer_for_every_offered_image() -> None:
    loaded = small(LISTS)
    files = {path: item for path, item in lists(loaded, digest="a").items() if path != CATALOG}
    folder = "deploy/.devcontainer"
    assert list(files) == [
        f"{folder}/jupyter-scipy-python3.13/devcontainer.json",
        f"{folder}/jupyter-scipy-python3.11/devcontainer.json",
        f"{folder}/jupyter-cuda-python3.13/devcontainer.json",
    ]
    for content in files.values():
        Draft202012Validator(DEVCONTAINER).validate(content)
    scipy, _, cuda = files.values()
    assert scipy["image"] == f"ghcr.io/example/notebooks/jupyter-scipy@{DIGEST}"
    assert scipy["remoteUser"] == "jovyan"
    assert "hostRequirements" not in scipy
    assert cuda["hostRequirements"] == {"gpu": True}


BARE = """\
version: 1
registry: r.example/a
sources: {s: "quay.io/jupyter/scipy-notebook:1"}
release: {lists: [catalog, devcontainers]}
images: {b: {from: s, %s}}
"""
"""A matrix without profiles."""


def bare(image: str, pins: Pins | None = None) -> dict[str, Any]:
    files = lists(load({"matrix.yaml": BARE % image}, ["base"]), pins=pins)
    assert set(files) == {CATALOG, "deploy/.devcontainer/b/devcontainer.json"}
    content: dict[str, Any] = files["deploy/.devcontainer/b/devcontainer.json"]
    return content


def test_without_profiles_every_published_image_is_offered() -> None:
    assert bare("kind: base")["image"] == "r.example/a/b:default-0123456789ab"


def test_an_image_that_serves_forwards_its_port() -> None:
    serves = bare("kind: base")
    assert (serves["forwardPorts"], serves["overrideCommand"]) == ([8888], False)
    assert not {"forwardPorts", "overrideCommand"} & bare("kind: base, contract: none").keys()


def test_the_user_of_a_foreign_image_is_the_one_of_its_source() -> None:
    known = Pins(users={"quay.io/jupyter/scipy-notebook:1": "nb"})
    assert bare("pip: [a==1]", known)["remoteUser"] == "nb"
    assert "remoteUser" not in bare("pip: [a==1]")
    assert bare("kind: base", known)["remoteUser"] == "jovyan"
