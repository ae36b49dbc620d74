from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.planning.registry_locations import CANDIDATE, staged
from image_matrix.publish.accept import belongs, candidate, repository
from tests.publish.states import DIGEST, STATE, answering

if TYPE_CHECKING:
    from pathlib import Path

NAME = "base:python3.13"
HERE = "ghcr.io/example/notebooks/base"


@pytest.mark.parametrize(
    ("image", "right"),
    [
        (f"{HERE}@{DIGEST}", True),
        (f"{HERE}:python3.13", False),
        (f"{HERE}@sha256:0", False),
        (f"ghcr.io/example/notebooks/leaf@{DIGEST}", False),
        (f"ghcr.io/example/notebooks/staging/base@{DIGEST}", False),
        ("base", False),
        (DIGEST, False),
    ],
)
def test_an_image_of_a_variant(image: str, right: bool) -> None:
    assert belongs(STATE, NAME, image) is right


def test_the_staging_path_is_another_place() -> None:
    image = f"{repository(staged(STATE), NAME)}@{DIGEST}"
    assert belongs(staged(STATE), NAME, image)
    assert not belongs(STATE, NAME, image)


def test_a_registry_without_an_answer_is_the_networks_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pauses: list[float]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "matrix.yaml").write_text(
        f"version: 1\nregistry: localhost:{port}/x\n"
        "sources: {debian: docker.io/library/debian:trixie}\n"
        "images: {base: {from: debian, kind: base}}\n"
    )
    assert run(["-q", "-C", str(tmp_path), "accept", "base", "--platform", "linux/amd64"]) == 3
    assert pauses == [1.0, 2.0, 4.0]
    said = capsys.readouterr().err
    assert "error: base:default (linux/amd64): " in said
    assert "help: check the name of the registry, the network and the login" in said


@pytest.mark.parametrize("status", [403, 500])
def test_a_candidate_that_the_registry_refuses_to_speak_of_is_not_absent(status: int) -> None:
    """The image that was accepted earlier would be accepted in its place."""
    immutable = f"base/manifests/{STATE.keys[NAME].platform_tag('linux/amd64')}"
    registry = answering({immutable: {}}, {f"{immutable}{CANDIDATE}": status})
    with pytest.raises(EnvironmentFailure, match=f"HTTP {status}"):
        candidate(STATE, NAME, "linux/amd64", registry)


def test_without_a_candidate_it_is_the_accepted_image() -> None:
    immutable = f"base/manifests/{STATE.keys[NAME].platform_tag('linux/amd64')}"
    assert candidate(STATE, NAME, "linux/amd64", answering({immutable: {}})).reference.startswith(f"{HERE}@")
    with pytest.raises(Failure, match="not in the registry"):
        candidate(STATE, NAME, "linux/amd64", answering({}))
