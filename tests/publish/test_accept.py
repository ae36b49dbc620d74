from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.planning.registry_locations import staged
from image_matrix.publish.accept import belongs, repository
from tests.publish.test_release import DIGEST, STATE

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
        "images: {base: {from: debian}}\n"
    )
    assert run(["-q", "-C", str(tmp_path), "accept", "base", "--platform", "linux/amd64"]) == 3
    assert pauses == [1.0, 2.0, 4.0]
    said = capsys.readouterr().err
    assert "error: base:default (linux/amd64): " in said
    assert "help: check `registry:`, the network and the login" in said
