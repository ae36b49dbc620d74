from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.buildah import _environment
from tests.cli.conftest import stand_in

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Repository

CALL = ("build", "--engine", "buildah", "--no-registry", "--platform", "linux/amd64", "base:python3.13")
BUILDAH = """\
#!/bin/sh
case "$1" in
--version) echo "buildah version 1.39.3 (image-spec 1.1.0)" ;;
images) echo "sha256:44fe7d488c219ca20f34a1addac38baff403bec472d198362a30e04254ae9510 80.9 MB" ;;
pull) echo "Trying to pull $4..." ;;
build)
    [ -z "$DOCKER_CONFIG" ] || exit 9
    printf '%s\\n' 'STEP 1/2: FROM a' 'STEP 2/2: RUN --mount=type=tmpfs,target=/tmp one'
    echo "a line of output" >&2
    [ -z "$FAILS" ] || { echo 'Error: building at STEP "RUN one": exit status 4' >&2; exit 1; } ;;
esac
"""


@pytest.fixture
def buildah(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A buildah that only talks."""
    stand_in(tmp_path, monkeypatch, "buildah", BUILDAH)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--builder", "mine"), "--builder names a builder of buildx"),
        (("--push", "--cache", "read"), "--cache needs --engine buildx"),
        (("--push",), "buildah cannot attach what `release.sbom` and `release.provenance` ask for"),
    ],
)
def test_what_only_buildx_can_do_is_refused(
    repository: Repository, options: tuple[str, ...], said: str
) -> None:
    ran = repository(*CALL, *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_no_buildah(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = repository(*CALL)
    assert ran.code == 3
    assert "`buildah` is not on PATH" in ran.err


def test_the_commands_are_printed_without_buildah(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    ran = repository(*CALL, "--print")
    assert ran.code == 0
    assert [line.split()[:2] for line in ran.out.splitlines()] == [["buildah", "pull"], ["buildah", "build"]]


@pytest.mark.usefixtures("buildah")
def test_an_image_in_the_store_has_its_size_and_digest(repository: Repository) -> None:
    ran = repository(*CALL)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[1].split()[1:] == ["81", "MB", "sha256:44fe7d488c21"]
    assert "base:python3.13 linux/amd64: buildah builds it\n" in ran.err
    assert "a line of output\n" in ran.err


@pytest.mark.usefixtures("buildah")
def test_a_step_that_fails_is_shown_to_people_who_see_no_log(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "1")
    ran = repository("-q", *CALL)
    assert ran.code == 1
    assert ran.err.startswith("STEP 2/2: RUN --mount=type=tmpfs,target=/tmp one\na line of output\n")
    assert "base:python3.13 (linux/amd64) cannot be built: a line of output" in ran.err


def test_buildah_has_the_logins_of_image_matrix(tmp_path: Path) -> None:
    variables = {"DOCKER_CONFIG": str(tmp_path), "HOME": "/home/me"}
    assert _environment(variables) == {"HOME": "/home/me"}
    (tmp_path / "config.json").write_text("{}")
    logins = str(tmp_path / "config.json")
    assert _environment(variables) == {"HOME": "/home/me", "REGISTRY_AUTH_FILE": logins}


def test_trusted_hosts_need_no_certificate(repository: Repository) -> None:
    hosts = "network: {trusted_hosts: [docker.io]}\n"
    (repository.root / "matrix.yaml").write_text(hosts + (repository.root / "matrix.yaml").read_text())
    ran = repository(*CALL, "--print")
    assert ran.code == 0, ran.err
    assert "--tls-verify=false" in ran.out.splitlines()[0]
