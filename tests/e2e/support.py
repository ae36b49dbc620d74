"""Repositories that end-to-end tests work in, and containers that they start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

HOME = Path(__file__).parent.parent.parent
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
REGISTRY = os.environ.get("IMAGE_MATRIX_TEST_REGISTRY", "")

SITE = """\
registry: {registry}
network:
  mirrors: {{registries: {{docker.io: {mirror}}}}}
  builtin_frontend: true
  {ca}
release: {{sbom: false}}
"""


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder with a matrix, and the overlay of the place that tests run at."""

    root: Path
    registry: str

    def command(self, *arguments: str) -> list[str]:
        """Return the call of image-matrix in this repository."""
        overlay = ("--overlay", str(self.root / "site.yaml"))
        return [sys.executable, "-m", "image_matrix", "-C", str(self.root), *overlay, *arguments]

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run image-matrix to its end."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr[-4000:]
        return done

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start image-matrix and let it run."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that must be there."""
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def site(registry: str) -> str:
    """Return the overlay of the place that tests run at: base images from the test registry, its certificates."""
    mirror = registry.partition("/")[0]
    ca = f"ca_bundle: {CA_BUNDLE}" if CA_BUNDLE.exists() else ""
    return SITE.format(registry=registry, mirror=mirror, ca=ca)


def new_repository(root: Path) -> Repository:
    """Make a repository with this project's templates and a registry path of its own."""
    registry = f"{REGISTRY}/e2e-{uuid.uuid4().hex[:8]}"
    shutil.copytree(HOME / "templates", root / "templates")
    (root / "site.yaml").write_text(site(registry))
    return Repository(root, registry)


def docker(*arguments: str, check: bool = True) -> str:
    """Run docker; return what it printed."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


def kubernetes_volume(reference: str) -> str:
    """Make an empty volume as Kubernetes hands it over: root's, of group 100, nothing of the image in it."""
    name = f"image-matrix-{uuid.uuid4().hex[:8]}"
    mount = f"type=volume,src={name},dst=/volume,volume-nocopy"
    docker("run", "--rm", "--user", "0", "--entrypoint", "bash", "--mount", mount, reference,
           "-c", "chgrp 100 /volume && chmod 2775 /volume")  # fmt: skip
    return name


@contextmanager
def running(reference: str, prefix: str) -> Iterator[tuple[int, str]]:
    """Start an image as Kubeflow does, on an empty volume; give its port on this machine and the container's id."""
    volume = kubernetes_volume(reference)
    mount = f"type=volume,src={volume},dst=/home/jovyan,volume-nocopy"
    container = docker("run", "--detach", "--user", "1000", "--env", f"NB_PREFIX={prefix}", "--mount", mount,
                       "--publish", "127.0.0.1::8888", reference)  # fmt: skip
    try:
        yield int(docker("port", container, "8888").rpartition(":")[2]), container
    finally:
        docker("rm", "--force", container)
        docker("volume", "rm", volume)


def get(url: str, container: str, seconds: float = 60) -> HTTPResponse:
    """Ask until there is an answer, or the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            response: HTTPResponse = urllib.request.urlopen(url, timeout=5)  # noqa: S310 - ours
            return response
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > deadline:
                raise AssertionError(docker("logs", container)) from None
            time.sleep(0.2)
