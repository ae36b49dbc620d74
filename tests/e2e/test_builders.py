"""Builds on a BuildKit that is not a local daemon, but behind an address, for a client without Docker."""

from __future__ import annotations

import shutil
import tomllib
import uuid
from typing import TYPE_CHECKING

import pytest
import requests

from image_matrix.pinned.actions import image
from image_matrix.pinned.tools import native_arch
from tests.certificates import issue, needs_openssl, server_context
from tests.e2e.bridge import buildkit
from tests.e2e.programs import buildkit_image
from tests.e2e.support import REGISTRY, docker, new_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e
MATRIX = """\
version: 1
registry: registry.invalid/builders
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  small: {from: debian, context: small}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = new_repository(tmp_path)
    shutil.rmtree(made.root / "templates")
    (made.root / "matrix.yaml").write_text(MATRIX)
    (made.root / "small").mkdir()
    (made.root / "small" / "Dockerfile").write_text(
        "FROM docker.io/library/debian:trixie-slim\nRUN echo built > /built\n"
    )
    return made


def without_daemon(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    monkeypatch.delenv("BUILDX_BUILDER", raising=False)
    for name, value in {"DOCKER_HOST": "unix:///nowhere/docker.sock", **variables}.items():
        monkeypatch.setenv(name, value)


def tags(repository: Repository) -> list[str]:
    host, _, path = repository.registry.partition("/")
    found = requests.get(f"http://{host}/v2/{path}/small/tags/list", timeout=10).json()
    return [tag for tag in found.get("tags") or [] if not tag.startswith(("cache-", "sha256-"))]


def test_an_address_builds_without_a_daemon(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    with buildkit() as address:
        without_daemon(monkeypatch, BUILDKIT_HOST=address)
        first = repository.run("build", "--push", "--platform", f"linux/{native_arch()}")
        again = repository.run("build", "--push", "--platform", f"linux/{native_arch()}")
        loaded = repository.run("build", check=False)
    assert "1 built in" in first.stdout
    assert again.stdout == "0 built\n"
    assert len(tags(repository)) == 1
    assert loaded.returncode == 3
    assert "the container engine does not answer" in loaded.stderr


@needs_openssl
def test_the_builder_of_the_matrix_has_certificates(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    issue(certificates)
    with buildkit(server_context(certificates, clients=True)) as address:
        tls = "{ca: BK_CA, cert: BK_CERT, key: BK_KEY}"
        builder = f"network:\n  builder: {{driver: remote, endpoint: '{address}', tls: {tls}}}"
        repository.edit("site.yaml", "network:", builder)
        without_daemon(monkeypatch)
        refused = repository.run("build", "--push", "--platform", f"linux/{native_arch()}", check=False)
        files = {"BK_CA": "ca.pem", "BK_CERT": "cert.pem", "BK_KEY": "key.pem"}
        without_daemon(
            monkeypatch, **{name: (certificates / file).read_text() for name, file in files.items()}
        )
        done = repository.run("build", "--push", "--platform", f"linux/{native_arch()}")
    assert refused.returncode == 3
    assert "the variable BK_CA is missing" in refused.stderr
    assert "1 built in" in done.stdout
    assert "PRIVATE KEY" not in done.stderr


def containers_with(variable: str) -> dict[str, str]:
    """Return the containers of buildx that have a variable: name to id."""
    listed = docker(
        "ps", "--all", "--filter=name=buildx_buildkit_image-matrix-", "--format={{.Names}} {{.ID}}"
    )
    every = dict(line.split() for line in listed.splitlines())
    show = ("inspect", "--format={{json .Config.Env}}")
    return {name: one for name, one in every.items() if variable in docker(*show, one, check=False)}


def test_the_builder_of_the_matrix_is_a_container(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the pinned BuildKit, as in the jobs of the workflow; the next build finds it, and its cache."""
    pinned, variable = buildkit_image(image("docker.io/moby/buildkit")), f"BUILDS=for, {uuid.uuid4().hex}"
    monkeypatch.delenv("BUILDX_BUILDER", raising=False)
    name, _, value = variable.partition("=")
    options = f"options: {{image: '{pinned}', network: host, env.{name}: '{value}'}}"
    builder = f"builder: {{driver: docker-container, {options}}}"
    repository.edit("site.yaml", "network:", f"network:\n  trusted_hosts: ['{REGISTRY}']\n  {builder}")
    build = ("build", "--push", "--force", "--platform", f"linux/{native_arch()}")
    try:
        first, again = repository.run(*build), repository.run(*build)
        (started,) = containers_with(variable).values()
        settings = docker("exec", started, "cat", "/etc/buildkit/buildkitd.toml")
    finally:
        for container in containers_with(variable):
            docker("rm", "--force", container)
            docker("volume", "rm", f"{container}_state")
    assert "1 built in" in first.stdout
    assert "CACHED" in again.stderr
    assert tomllib.loads(settings)["registry"]["docker.io"]["mirrors"] == [REGISTRY]
