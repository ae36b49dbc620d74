"""Clients that share one BuildKit: a Job of a cluster, and what one of them gets of another's builds."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import yaml_files
from tests.certificates import issue, needs_openssl, server_context
from tests.e2e.bridge import buildkit
from tests.e2e.support import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e
PROGRAM = (sys.executable, "-m", "image_matrix")
MATRIX = """\
version: 1
registry: {registry}
workflow: none
network: {{builtin_frontend: true, mirrors: {{registries: {{docker.io: {mirror}}}}}}}
release: {{sbom: false}}
sources: {{debian: "docker.io/library/debian:trixie-slim"}}
images: {{small: {{from: debian, context: small}}}}
sites:
  hub:
    buildkit:
      tls: server
      job: {{image: debian, repository: https://git.example.org/a.git, images: [small], tls: client}}
"""


class Client:
    """Somebody with a docker CLI, no daemon, and settings of his own."""

    def __init__(self, folder: Path, address: str) -> None:
        """Make the builder known to buildx."""
        self.folder = folder
        folder.mkdir()
        plugins = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "cli-plugins"
        if plugins.is_dir():
            (folder / "cli-plugins").symlink_to(plugins)
        self.environment = {
            **os.environ,
            "DOCKER_HOST": "unix:///nowhere/docker.sock",
            "DOCKER_CONFIG": str(folder),
            "BUILDX_BUILDER": "shared",
        }
        self.buildx("create", "--name=shared", "--driver=remote", address)

    def buildx(self, *arguments: str) -> str:
        """Return what buildx says."""
        command = ["docker", "buildx", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def build(self, steps: str, token: str) -> str:
        """Build a Dockerfile, with a secret; return the log."""
        context = self.folder / "context"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(f"FROM {REGISTRY}/library/debian:trixie-slim\n{steps}")
        (self.folder / "token").write_text(token)
        secret = f"--secret=id=token,src={self.folder / 'token'}"
        return self.buildx("build", "--progress=plain", secret, str(context))


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[tuple[Client, Client]]:
    with buildkit() as address:
        yield Client(tmp_path / "one", address), Client(tmp_path / "other", address)


def test_who_may_build_reads_cache_mounts_and_results_of_others(clients: tuple[Client, Client]) -> None:
    """Each row of the table in docs/buildkit.md that an engine's BuildKit can show."""
    one, other = clients
    mark = uuid.uuid4().hex
    mount = f"RUN --mount=type=cache,id={mark},target=/cache"
    secret = f"RUN --mount=type=secret,id=token echo {mark} && cat /run/secrets/token > /copy\n"
    one.build(f"{mount} echo of-one-{mark} > /cache/file\n{secret}", token=f"secret-of-one-{mark}")

    # the id of a cache mount is in no cache key, so the step must be new by itself
    assert f" of-one-{mark}" in other.build(f"{mount} cat /cache/file; echo {mark}\n", token="another")
    log = other.build(f"{mount} echo of-one-{mark} > /cache/file\n{secret}RUN cat /copy\n", token="another")
    assert f" secret-of-one-{mark}" in log  # a step wrote it, and the same step of another is not run
    assert "another" not in log


def test_a_secret_that_no_step_writes_is_nobody_elses(clients: tuple[Client, Client]) -> None:
    one, other = clients
    mark = uuid.uuid4().hex
    step = f"RUN --mount=type=secret,id=token echo {mark} && sha256sum /run/secrets/token > /sum\n"
    one.build(step, token=f"secret-{mark[:8]}")
    log = other.build(f"{step}RUN ls -l /run/secrets 2>&1; ls /; true\n", token="another")
    usage = other.buildx("du", "--verbose")
    assert mark in usage  # the command of the step
    assert f"secret-{mark[:8]}" not in log + usage


@needs_openssl
def test_the_job_of_a_site_builds_and_pushes(tmp_path: Path) -> None:
    """The command and the variables of the pod, with a client's certificate, and no daemon."""
    certificates, root = tmp_path / "certificates", tmp_path / "repository"
    certificates.mkdir()
    issue(certificates)
    registry = f"{REGISTRY}/e2e-{uuid.uuid4().hex[:8]}"
    text = MATRIX.format(registry=registry, mirror=REGISTRY)
    (root / "small").mkdir(parents=True)
    (root / "matrix.yaml").write_text(text)
    (root / "small" / "Dockerfile").write_text(
        "FROM docker.io/library/debian:trixie-slim\nRUN echo built > /built\n"
    )
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["commit", "--quiet", "-m", "one"],
    ):
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", root, *author, *command], check=True)

    subprocess.run([*PROGRAM, "-C", root, "render"], check=True, capture_output=True)
    deployed = root / "deploy" / "hub" / "builds"
    job = yaml_files.load((deployed / "job" / "job.yaml").read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    given = {item["name"]: item.get("value", "") for item in container["env"]}
    overlay = yaml_files.load((deployed / "configmap.yaml").read_text())["data"]["builder.yaml"]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "image-matrix").write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    (programs / "image-matrix").chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    with buildkit(server_context(certificates, clients=True)) as address:
        (tmp_path / "builder.yaml").write_text(overlay.replace("tcp://buildkitd.buildkit.svc:1234", address))
        pem = {"BUILDKIT_CA": "ca.pem", "BUILDKIT_CERT": "cert.pem", "BUILDKIT_KEY": "key.pem"}
        environment = {
            **given,
            **{name: (certificates / file).read_text() for name, file in pem.items()},
            "HOME": str(home),
            "TMPDIR": str(tmp_path),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "BUILDX_CONFIG": str(home / "buildx"),
            "DOCKER_CONFIG": os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker"),
            "DOCKER_HOST": "unix:///nowhere/docker.sock",
            "REPOSITORY": str(root),
            "BUILDER": str(tmp_path / "builder.yaml"),
        }
        command = [*container["command"], *container["args"]]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "1 built in" in done.stdout
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    assert not list(home.rglob("*.pem"))
