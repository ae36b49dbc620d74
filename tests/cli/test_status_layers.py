"""``status --layers`` says how large each step of an image is, and which image of its chain has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import status_layers as command
from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.plan import references
from image_matrix.registry.reference import digest_of
from tests.publish.states import STATE, answering

if TYPE_CHECKING:
    from image_matrix.registry.client import Registry

AMD64 = "linux/amd64"
BASE, LEAF = "base:python3.13", "leaf:python3.13"
TYPE = "application/vnd.oci.image.manifest.v1+json"
STEPS = (
    "ADD rootfs.tar /",
    "RUN apt-get install --yes --no-install-recommends git",
    "COPY . /",
    "RUN pip install geopandas",
)


def pushed(name: str, *sizes: int, suffix: str = "") -> dict[str, Any]:
    """A registry's answers for an image with layers of these sizes."""
    layers = [{"digest": f"sha256:{size:064}", "size": size} for size in sizes]
    history = [{"created_by": step} for step in STEPS[: len(sizes)]]
    config = {"os": "linux", "architecture": "amd64", "history": history}
    at = digest_of(json.dumps(config).encode())
    content = {"mediaType": TYPE, "config": {"digest": at, "size": 2}, "layers": layers}
    image, _, tag = references(STATE)[name, AMD64].rpartition("/")[2].rpartition(":")
    return {
        f"{image}/manifests/{tag}{suffix}": content,
        f"{image}/manifests/{digest_of(json.dumps(content).encode())}": content,
        f"{image}/blobs/{at}": config,
    }


def registry(*answers: dict[str, Any]) -> Registry:
    return answering({key: item for one in answers for key, item in one.items()})


CHAIN = (pushed(BASE, 30_000_000, 20_000_000), pushed(LEAF, 30_000_000, 20_000_000, 100_000, 50_000_000))


def test_each_step_with_its_image_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("image_matrix.cli.terminal.terminal_width", lambda: 60)
    found = command.sized(STATE, LEAF, registry(*CHAIN))
    assert found is not None
    assert command.as_text([found]).splitlines() == [
        "leaf:python3.13 on linux/amd64: 100.1 MB, compressed",
        "size     image            step",
        "30.0 MB  base:python3.13  ADD rootfs.tar /",
        "20.0 MB  base:python3.13  apt-get install git",
        "50.0 MB  leaf:python3.13  pip install geopandas",
        "and 1 step with 0.1 MB",
    ]


def test_long_steps_are_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    found = command.sized(STATE, LEAF, registry(*CHAIN))
    assert found is not None
    monkeypatch.setattr("image_matrix.cli.terminal.terminal_width", lambda: 45)
    lines = command.as_text([found]).splitlines()
    assert max(map(len, lines[1:])) <= 45
    assert lines[3].endswith("  apt-get install git")
    assert lines[4].endswith("  pip install geopan…")


def test_a_candidate_counts_where_nothing_is_tested() -> None:
    found = command.sized(STATE, BASE, registry(pushed(BASE, 5, suffix="-candidate")))
    assert found is not None
    assert json.loads(command.as_json([found])) == [
        {
            "variant": BASE,
            "platform": AMD64,
            "size": 5,
            "layers": [{"size": 5, "image": BASE, "step": "ADD rootfs.tar /"}],
        }
    ]


def test_an_image_that_is_not_built() -> None:
    assert command.sized(STATE, BASE, registry()) is None


def test_a_registry_that_denies_access_is_no_missing_image() -> None:
    image, _, tag = references(STATE)[BASE, AMD64].rpartition("/")[2].rpartition(":")
    with pytest.raises(EnvironmentFailure, match="denies access"):
        command.sized(STATE, BASE, answering({}, {f"{image}/manifests/{tag}": 403}))
