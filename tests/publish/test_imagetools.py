"""Manifests that a registry refuses for the moment, against a docker that answers as told."""

from __future__ import annotations

from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.imagetools import compressed_bytes, create
from image_matrix.errors import EnvironmentFailure
from image_matrix.retry import ATTEMPTS, LONGEST_PAUSE
from tests.publish.support import answers, calls, stub

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


GHCR = """\
ERROR: failed to push localhost/x:tag: denied: permission_denied: Error from intermediary with HTTP status code 403: {
  "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
  "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
}
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a docker that answers as told."""
    stub(tmp_path, monkeypatch, "docker")
    return tmp_path


def test_a_buildx_without_the_option_copies_too(docker: Path, pauses: list[float]) -> None:
    answers(docker, "unknown flag: --prefer-index\n", 1)
    create("localhost/x:tag", ["localhost/x@sha256:1"])
    first, second = (docker / "calls").read_text().splitlines()
    assert first == second.replace(" localhost/x@", " --prefer-index=false localhost/x@")
    assert pauses == []


def test_429_is_waited_for_longer_and_longer(docker: Path, pauses: list[float]) -> None:
    answers(docker, "ERROR: failed to push: unexpected status: 429 Too Many Requests\n", 3)
    create("localhost/x:tag", ["localhost/x@sha256:1"], ["index:a=b"])
    assert calls(docker) == 4
    assert pauses == [1.0, 2.0, 4.0]
    assert "--annotation index:a=b localhost/x@sha256:1" in (docker / "calls").read_text()


def test_a_registry_that_never_gives_in(docker: Path, pauses: list[float]) -> None:
    answers(docker, "ERROR: 503 Service Unavailable\n", 99)
    with pytest.raises(EnvironmentFailure, match="503"):
        create("localhost/x:tag", ["localhost/x@sha256:1"])
    assert calls(docker) == ATTEMPTS == len(pauses) + 1
    assert max(pauses) == LONGEST_PAUSE


def test_a_limit_that_ghcr_calls_denied_is_waited_for(docker: Path, pauses: list[float]) -> None:
    answers(docker, GHCR, 2)
    create("localhost/x:tag", ["localhost/x@sha256:1"])
    assert pauses == [1.0, 2.0]
    answers(docker, GHCR, 99)
    with pytest.raises(EnvironmentFailure, match="exceeded a secondary rate limit") as caught:
        create("localhost/x:tag", ["localhost/x@sha256:1"])
    assert "wait a few minutes" in caught.value.help


def test_what_no_retry_mends_is_said_at_once(docker: Path) -> None:
    answers(docker, "ERROR: denied: permission_denied: write_package\n", 99)
    with pytest.raises(EnvironmentFailure, match="write_package"):
        create("localhost/x:tag", ["localhost/x@sha256:1"])
    assert calls(docker) == 1


def test_an_image_whose_size_nobody_says_is_not_small(docker: Path, pauses: list[float]) -> None:
    answers(docker, "ERROR: unexpected status: 429 Too Many Requests\n", 99)
    with pytest.raises(EnvironmentFailure, match=r"size of localhost/x@sha256:1 from the registry: .*429"):
        compressed_bytes("localhost/x@sha256:1")
    assert calls(docker) == ATTEMPTS == len(pauses) + 1


@pytest.mark.parametrize(
    "printed", ["", "[]", "{}", '{"manifests": [{}]}', '{"manifests": [1]}', '{"layers": 1}', "[" * 10**6]
)
def test_what_is_no_manifest_has_no_size(printed: str) -> None:
    def run(command: Sequence[str]) -> CompletedProcess[str]:
        return CompletedProcess(command, 0, printed, "")

    with pytest.raises(EnvironmentFailure, match="no manifest of an image"):
        compressed_bytes("localhost/x@sha256:1", run)
