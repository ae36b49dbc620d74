"""Builds with Debian's buildah, without a daemon: a chain, what fails, and a candidate that is released."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from image_matrix.config.network import Network
from image_matrix.inventory.installed_files import OsRelease
from image_matrix.pinned.tools import native_arch
from image_matrix.planning.attached_packages import packages_attached
from image_matrix.planning.image_contents import platform_image
from image_matrix.registry.opening import registry_with
from tests.e2e.buildah_place import buildah_on_path
from tests.e2e.support import docker, new_repository
from tests.e2e.tiny_images import INDEX, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine
    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e
PLATFORM = f"linux/{native_arch()}"
SECRET = "a-token-that-nobody-finds"
"""Looked for in what was pushed."""
MATRIX = f"""\
version: 1
registry: registry.invalid/buildah
workflow: none
sources: {{debian: docker.io/library/debian:trixie-slim}}
defaults: {{images: {{platforms: [{PLATFORM}]}}}}
images:
  own: {{from: debian, context: own, secrets: [TOKEN], refresh_days: 30}}
  child: {{from: own, files: {{/opt/hello.txt: child/hello.txt}}, scripts: [child/check.sh]}}
"""
OWN = """\
FROM debian:trixie-slim
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
HEALTHCHECK CMD true
RUN --mount=type=secret,id=TOKEN [[ $(</run/secrets/TOKEN) == a-token-* ]] && echo read > /own
RUN od -An -N8 -tx8 /dev/urandom > /random
"""
CHECK = """\
#!/bin/bash
set -eu
[[ $(cat /own) == read ]]
echo checked > /checked
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A repository, and the variables with which its commands find buildah."""

    repository: Repository
    variables: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.variables, **variables}
        command = self.repository.command(*arguments)
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("build", "--engine", "buildah", "--push", *arguments, TOKEN=SECRET)

    def read(self, image: str, what: str, accept: str) -> dict[str, Any]:
        """Read something of an image's repository in the registry."""
        host, _, path = self.repository.registry.partition("/")
        answer = requests.get(
            f"http://{host}/v2/{path}/{image}/{what}", headers={"Accept": accept}, timeout=30
        )
        found: dict[str, Any] = answer.json()
        return found

    def config(self, image: str, tag: str) -> dict[str, Any]:
        manifest = self.read(image, f"manifests/{tag}", MANIFEST)
        assert manifest["mediaType"] == MANIFEST
        return self.read(image, f"blobs/{manifest['config']['digest']}", "*/*")


@pytest.fixture(scope="module")
def place(engine: Engine, registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("buildah")
    root = folder / "work"
    root.mkdir()
    made = new_repository(root)
    shutil.rmtree(root / "templates")
    write(root)
    site = (
        (root / "site.yaml").read_text().replace("sbom: false", "sbom: false, provenance: none, sign: none")
    )
    (root / "site.yaml").write_text(site)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(folder / "remote.git"))
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", str(folder / "remote.git"))
    with buildah_on_path(folder, registry) as variables:
        yield Place(made, variables)


def write(root: Path) -> None:
    (root / "matrix.yaml").write_text(MATRIX)
    for file, text in {
        "own/Dockerfile": OWN,
        "child/hello.txt": "hello\n",
        "child/check.sh": CHECK,
    }.items():
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(text)


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True)


def test_a_chain_is_pushed_and_runs_and_its_secret_is_nowhere(place: Place) -> None:
    done = place.build("--force")
    assert done.returncode == 0, done.stderr[-4000:]
    own, child, count = done.stdout.splitlines()[1:]
    assert count.startswith("2 built in ")
    image = child.split()[0]
    client = registry_with(Network())
    packages = packages_attached(client, platform_image(client, image).at)
    assert packages
    assert OsRelease("debian", "13") in packages.files().values()
    shown = docker("run", "--rm", "--pull=always", image, "cat", "/own", "/checked", "/opt/hello.txt")
    assert shown.splitlines()[-3:] == ["read", "checked", "hello"]
    config = place.config("own", own.split()[0].rpartition(":")[2])
    assert config["config"]["Shell"] == ["/bin/bash", "-euo", "pipefail", "-c"]
    assert config["config"]["Healthcheck"]["Test"] == ["CMD-SHELL", "true"]
    assert SECRET not in done.stdout + done.stderr + json.dumps(config)
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
    assert SECRET.encode() not in saved
    assert place.build().stdout == "0 built\n"


def test_steps_of_a_dockerfile_run_again_when_their_day_moves_and_only_then(place: Place) -> None:
    """Although the storage has the layers of before."""

    def built(day: str) -> str:
        lock = f"version: 1\n\nrefreshed:\n  own:default: '{day}'\n"
        (place.repository.root / "matrix.lock.yaml").write_text(lock)
        done = place.build("--no-registry", "own")
        assert done.returncode == 0, done.stderr[-4000:]
        image = done.stdout.splitlines()[1].split()[0]
        return docker("run", "--rm", "--pull=always", image, "cat", "/random").splitlines()[-1]

    first = built("2026-10-30")
    assert built("2026-10-30") == first
    assert built("2026-11-30") != first
    (place.repository.root / "matrix.lock.yaml").unlink()


def test_a_step_that_fails_is_named_by_its_line(place: Place) -> None:
    file = place.repository.root / "own" / "Dockerfile"
    file.write_text(f"{OWN}# a comment\nRUN echo why it fails; exit 3\n")
    try:
        done = place.build("own")
    finally:
        file.write_text(OWN)
    assert done.returncode == 1
    assert f"own:default ({PLATFORM}) cannot be built: why it fails" in done.stderr
    line = len(OWN.splitlines()) + 2
    assert f"own/Dockerfile:{line} ended with exit code 3; its output is above" in done.stderr


def test_a_candidate_is_accepted_and_released_without_a_daemon(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    run = {
        "GITHUB_SHA": commit,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "team/images",
    }
    candidate = ("build", "--engine", "buildah", "--push", "--candidate", "--force", "--platform", PLATFORM)
    for image in ("own", "child"):
        done = place.run(*candidate, image, TOKEN=SECRET, **run)
        assert done.returncode == 0, done.stderr[-4000:]
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    for image in ("own", "child"):
        accepted = place.repository.run("accept", "--platform", PLATFORM, image, check=False)
        assert accepted.returncode == 0, accepted.stderr
    assert place.repository.run("render").returncode == 0
    git(place.repository.root, "add", "--all")
    git(place.repository.root, "commit", "--quiet", "--allow-empty", "--message=Start")
    released = place.repository.run("release", "--push", check=False)
    assert released.returncode == 0, released.stderr
    assert "2 indexes to create" in released.stderr
    again = place.repository.run("release", "--push", check=False)
    assert "0 indexes to create" in again.stderr, again.stderr
    index = place.read("child", "manifests/default", INDEX)
    assert index["annotations"]["org.opencontainers.image.revision"] == commit
