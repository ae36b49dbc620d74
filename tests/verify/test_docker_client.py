"""What docker says in an image of the kind ``buildx``, judged."""

from __future__ import annotations

import pytest

from image_matrix.verify import docker_client
from image_matrix.verify.engine import CommandResult, Engine
from image_matrix.verify.model import Subject

GOOD = {
    "builder": f'{{"Endpoint":"{docker_client.ADDRESS}"}}',
    "logins": "tmpfs",
    "docker": "Docker version 26.1.5",
    "buildx": "github.com/docker/buildx 0.13.1",
    "refusal": "docker: no Docker daemon runs here: write `docker buildx build --push`",
}


def results(**changed: str) -> dict[str, str]:
    """The failed checks of an image that answers so, with their reasons."""
    log = "".join(f"{docker_client.MARK}{name} {value}\n" for name, value in {**GOOD, **changed}.items())

    def call(arguments: tuple[str, ...], _text: str | None, _seconds: float) -> CommandResult:
        return CommandResult(0, log if arguments[0] == "logs" else "0")

    found = docker_client.docker_client(Engine(call), Subject("a:b", "image", builds_images=True))
    return {result.name: result.detail for result in found if result.status == "failed"}


def test_a_good_image() -> None:
    assert results() == {}


@pytest.mark.parametrize(
    ("changed", "check", "said"),
    [
        ({"docker": "sh: docker: not found"}, "docker", "`docker --version` says: sh: docker: not found"),
        ({"buildx": "docker: 'buildx' is not a docker command."}, "docker", "`docker buildx version` says"),
        ({"builder": ""}, "docker-builder", "BUILDKIT_HOST is not a builder of buildx after the start"),
        (
            {"logins": "overlayfs"},
            "docker-logins",
            "DOCKER_CONFIG is on a file system overlayfs, not in memory",
        ),
        ({"refusal": "Is the docker daemon running?"}, "docker-build", "does not name `docker buildx build`"),
    ],
)
def test_each_check_fails_alone(changed: dict[str, str], check: str, said: str) -> None:
    assert [*(failed := results(**changed))] == [check]
    assert said in failed[check]
