from __future__ import annotations

from dataclasses import replace
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.buildah_checks import limits, refuse_frontends, refuse_unsupported, require_buildah
from image_matrix.build.request import BuildOptions, make_request
from image_matrix.config.release import Release
from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.output_tree.files import File
from image_matrix.planning.registry_locations import Locations
from tests.build.support import BASE, STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from image_matrix.config.release import Compression

REQUEST = make_request(Locations(STATE), [BASE], {}, BuildOptions(push=False), ())
VERSION = "buildah version {} (image-spec 1.1.0, runtime-spec 1.2.0)\n"


def answering(
    version: str, info: int = 0, error: str = ""
) -> Callable[[Sequence[str]], CompletedProcess[str]]:
    def run(command: Sequence[str]) -> CompletedProcess[str]:
        if command[-1] == "--version":
            return CompletedProcess(command, 0, VERSION.format(version), "")
        return CompletedProcess(command, info, version, error)

    return run


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(EnvironmentFailure, match="`podman` is not on PATH") as failed:
        require_buildah("podman", answering("1.39.3"))
    assert failed.value.help.startswith("install buildah 1.37 or newer, or Podman 5.2 or newer")


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("program", ["buildah", "podman"])
def test_a_version_that_expands_heredocs_is_too_old(program: str) -> None:
    require_buildah(program, answering("1.37.0"))
    require_buildah(program, answering("2.0.0"))
    with pytest.raises(EnvironmentFailure, match=r"too old: its builds are those of buildah 1\.33\.7"):
        require_buildah(program, answering("1.33.7"))


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("Error during unshare(CLONE_NEWUSER): Operation not permitted", "allow user namespaces"),
        ("cannot clone: Operation not permitted\nError: cannot re-exec process", "allow user namespaces"),
        ("Error: no subuid ranges found for user \"me\" in /etc/subuid", "install the package uidmap"),
        ("'overlay' is not supported over overlayfs", "put /var/lib/containers on a volume"),
        ("open /etc/containers/policy.json: no such file or directory", "install containers-common"),
        ("something else", "`buildah info` shows what is missing"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_build(error: str, remedy: str) -> None:
    with pytest.raises(EnvironmentFailure, match="buildah cannot build here") as failed:
        require_buildah("buildah", answering("1.39.3", 125, error))
    assert error.splitlines()[0].removeprefix("Error: ") in failed.value.message
    assert failed.value.help.startswith(remedy)


def test_what_the_matrix_asks_for_is_not_left_out_of_what_is_pushed() -> None:
    plain = replace(Release(), sbom=False, provenance="none")
    for release, asked in (
        (replace(plain, sbom=True), "`release.sbom` asks for"),
        (replace(plain, provenance="min"), "`release.provenance` asks for"),
        (replace(plain, sbom=True, provenance="max"), "`release.sbom` and `release.provenance` ask for"),
    ):
        with pytest.raises(CallError, match=asked) as failed:
            refuse_unsupported("buildah", release, push=True)
        assert failed.value.help.startswith("write `release: {sbom: false, provenance: none}`")
        refuse_unsupported("buildah", release, push=False)
    refuse_unsupported("buildah", plain, push=True)


@pytest.mark.parametrize("compression", ["zstd", "estargz"])
def test_what_dockers_format_does_not_have_is_not_pushed_as_gzip(compression: Compression) -> None:
    release = replace(Release(), sbom=False, provenance="none", compression=compression)
    with pytest.raises(CallError, match=f"which has no {compression}") as failed:
        refuse_unsupported("podman", release, push=True)
    assert failed.value.help.startswith("write `release: {compression: gzip}`")
    refuse_unsupported("podman", release, push=False)


@pytest.mark.parametrize(
    ("frontend", "known"),
    [
        ("docker.io/docker/dockerfile:1@sha256:abc", True),
        ("mirror.example.org/docker/dockerfile:1.7-labs", True),
        ("docker/dockerfile-upstream:master", True),
        ("devthefuture/dockerfile-x", False),
    ],
)
def test_a_dockerfile_in_another_language_is_refused(frontend: str, known: bool) -> None:
    path = REQUEST.legs[0].variant.dockerfile
    request = replace(REQUEST, rendered={path: File(f"# syntax={frontend}\nFROM a\n".encode())})
    if known:
        refuse_frontends("buildah", request)
        return
    with pytest.raises(CallError, match=f"base: its Dockerfile needs the frontend {frontend}"):
        refuse_frontends("buildah", request)


def test_settings_that_do_not_count_are_named() -> None:
    notes = limits("podman", REQUEST, ["BUILDKIT_HOST", "`network.builder`"])
    assert notes == [
        "podman reads Dockerfiles itself: the frontends that `# syntax` names are not used",
        "BUILDKIT_HOST is for buildx: podman builds on this machine",
        "`network.builder` is for buildx: podman builds on this machine",
    ]
