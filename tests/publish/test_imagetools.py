"""Retries of manifests that a registry refuses for the moment, against a docker that answers as told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.imagetools import ATTEMPTS, compressed_bytes, create
from image_matrix.errors import EnvironmentFailure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker that prints what ``answer`` has and counts its calls."""
    program = tmp_path / "docker"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> "{tmp_path}/calls"\n'
        f'if [ "$(wc -l < "{tmp_path}/calls")" -gt "$(cat "{tmp_path}/fails")" ]; then exit 0; fi\n'
        f'cat "{tmp_path}/answer" >&2; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def answers(folder: Path, text: str, fails: int) -> None:
    (folder / "answer").write_text(text)
    (folder / "fails").write_text(str(fails))


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines())


def test_429_is_waited_for_longer_and_longer(docker: Path) -> None:
    answers(docker, "ERROR: failed to push: unexpected status: 429 Too Many Requests\n", 3)
    pauses: list[float] = []
    create("localhost/x:tag", ["localhost/x@sha256:1"], ["index:a=b"], pauses.append)
    assert calls(docker) == 4
    assert pauses == [1.0, 2.0, 4.0]
    assert "--annotation index:a=b localhost/x@sha256:1" in (docker / "calls").read_text()


def test_a_registry_that_never_gives_in(docker: Path) -> None:
    answers(docker, "ERROR: 503 Service Unavailable\n", 99)
    with pytest.raises(EnvironmentFailure, match="503"):
        create("localhost/x:tag", ["localhost/x@sha256:1"], sleep=lambda _: None)
    assert calls(docker) == ATTEMPTS


def test_what_no_retry_mends_is_said_at_once(docker: Path) -> None:
    answers(docker, "ERROR: denied: permission_denied: write_package\n", 99)
    with pytest.raises(EnvironmentFailure, match="write_package"):
        create("localhost/x:tag", ["localhost/x@sha256:1"], sleep=lambda _: None)
    assert calls(docker) == 1


def test_an_image_whose_size_nobody_says_is_not_small(docker: Path) -> None:
    answers(docker, "ERROR: unexpected status: 429 Too Many Requests\n", 99)
    with pytest.raises(EnvironmentFailure, match=r"how large localhost/x@sha256:1 is: .*429"):
        compressed_bytes("localhost/x@sha256:1", sleep=lambda _: None)
    assert calls(docker) == ATTEMPTS
