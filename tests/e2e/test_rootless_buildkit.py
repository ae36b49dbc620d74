"""The pinned rootless BuildKit, with what the StatefulSet of a site gives it: settings, user, arguments, volume."""

from __future__ import annotations

import shlex
import shutil
import socket
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.buildkit import PORT
from image_matrix.pinned.actions import rootless_image
from image_matrix.pinned.tools import native_arch
from tests import yaml_files
from tests.certificates import issue, needs_openssl
from tests.deploy.support import deployed, small
from tests.e2e.programs import buildkit_image
from tests.e2e.support import REGISTRY, docker, new_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.support import Repository

pytestmark = [pytest.mark.e2e, needs_openssl]
SITE = """\
network: {{mirrors: {{registries: {{docker.io: {registry}}}}}, trusted_hosts: ["{registry}"]}}
sites:
  hub:
    buildkit:
      tls: buildkitd-tls
      cache: {{reserved_space: 1Gi, max_used_space: 90%, min_free_space: 1Gi}}
"""
MATRIX = """\
version: 1
registry: registry.invalid/rootless
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  small: {from: debian, context: small}
"""
DOCKERFILE = """\
FROM docker.io/library/debian:trixie-slim
RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/mnt echo built >/built && cat /proc/self/uid_map
"""


def objects() -> dict[str, dict[str, Any]]:
    """The objects of the site's BuildKit by kind."""
    files = deployed(small(SITE.format(registry=REGISTRY)))
    texts = [text for path, text in files.items() if path.startswith("deploy/hub/buildkit/")]
    return {item["kind"]: item for text in texts for item in yaml_files.load_all(text)}


@contextmanager
def running(image: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Start the container of the pod on the machine's network; give its id, and the address where it answers."""
    made = objects()
    (container,) = made["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    security, settings = container["securityContext"], made["ConfigMap"]["data"]["buildkitd.toml"]
    port = free_port()
    (folder / "buildkitd.toml").write_text(settings.replace(f"tcp://:{PORT}", f"tcp://127.0.0.1:{port}"))
    volume = f"image-matrix-{uuid.uuid4().hex[:8]}"
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    group = made["StatefulSet"]["spec"]["template"]["spec"]["securityContext"]["fsGroup"]
    mount = f"type=volume,src={volume},dst={places['cache']},volume-nocopy"
    docker("run", "--rm", "--user=0", f"--mount={mount}", "--entrypoint=sh", image,
           "-c", f"chgrp {group} {places['cache']} && chmod 2775 {places['cache']}")  # fmt: skip
    profiles = [f"--security-opt={name}=unconfined" for name in unconfined(security)]
    assert not security["privileged"]
    started = docker(
        "run", "--detach", "--network=host", f"--user={security['runAsUser']}:{security['runAsGroup']}", *profiles,
        f"--mount={mount}", f"--volume={folder}:{places['settings']}:ro", f"--volume={folder}:{places['tls']}:ro",
        image, *container["args"],
    )  # fmt: skip
    try:
        ready(started, container["startupProbe"]["exec"]["command"])
        yield started, f"tcp://127.0.0.1:{port}"
    finally:
        docker("rm", "--force", started)
        docker("volume", "rm", volume)


def unconfined(security: dict[str, Any]) -> list[str]:
    profiles = {"seccomp": "seccompProfile", "apparmor": "appArmorProfile"}
    return [name for name, field in profiles.items() if security[field] == {"type": "Unconfined"}]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ready(container: str, probe: list[str]) -> None:
    """Wait for the probe of the pod."""
    deadline = time.monotonic() + 60
    command = f"timeout 10 {shlex.join(probe)} >/dev/null 2>&1 && echo ready"
    while docker("exec", container, "sh", "-c", command, check=False) != "ready":
        assert time.monotonic() < deadline, docker("logs", container)
        time.sleep(0.2)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = new_repository(tmp_path / "repository")
    shutil.rmtree(made.root / "templates")
    (made.root / "matrix.yaml").write_text(MATRIX)
    (made.root / "small").mkdir()
    (made.root / "small" / "Dockerfile").write_text(DOCKERFILE)
    return made


def test_it_builds_and_keeps_its_cache(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = buildkit_image(rootless_image("docker.io/moby/buildkit"))
    pod = tmp_path / "pod"
    pod.mkdir()
    issue(pod)
    for name, file in {"ca.crt": "ca.pem", "tls.crt": "cert.pem", "tls.key": "key.pem"}.items():
        shutil.copy(pod / file, pod / name)
        (pod / name).chmod(0o444)
    monkeypatch.delenv("BUILDX_BUILDER", raising=False)
    for name, file in {"CA": "ca.pem", "CERT": "cert.pem", "KEY": "key.pem"}.items():
        monkeypatch.setenv(f"BK_{name}", (pod / file).read_text())
    with running(image, pod) as (container, address):
        builder = f"builder: {{driver: remote, endpoint: '{address}', tls: {{ca: BK_CA, cert: BK_CERT, key: BK_KEY}}}}"
        repository.edit("site.yaml", "network:", f"network:\n  {builder}")
        build = ("build", "--push", "--force", "--platform", f"linux/{native_arch()}")
        first = repository.run(*build)
        docker("restart", "--time=30", container)
        ready(container, ["buildctl", "debug", "workers"])
        again = repository.run(*build)
        logs = docker("logs", container)
    assert "1 built in" in first.stdout
    assert "         0       1000          1\n" in first.stderr, "root of a step is the pod's user"
    assert "CACHED" in again.stderr
    assert "level=error" not in logs
