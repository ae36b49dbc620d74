"""Asks the container engine whether it runs, and how large an image is."""

from __future__ import annotations

import shutil
import subprocess

from image_matrix.errors import EnvironmentFailure
from image_matrix.stderr import failed


def require_engine() -> None:
    """Raise :class:`EnvironmentFailure` if docker, buildx or the daemon is missing."""
    if not shutil.which("docker"):
        raise EnvironmentFailure(
            "`docker` is not on PATH", "install Docker with buildx: docs.docker.com/engine/install"
        )
    buildx = _answer("docker", "buildx", "version")
    if buildx.returncode:
        raise EnvironmentFailure(
            failed("docker has no buildx", buildx.stderr),
            "install the package docker-buildx (or docker-buildx-plugin)",
        )
    info = _answer("docker", "version", "--format", "{{.Server.Version}}")
    if info.returncode:
        raise EnvironmentFailure(
            failed("the container engine does not answer", info.stderr), "start it, or set DOCKER_HOST"
        )


def _answer(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def image_bytes(reference: str) -> int | None:
    """Return the size in bytes of an image in the engine's store, or ``None`` if the store does not have it."""
    answer = _answer("docker", "image", "inspect", "--format", "{{.Size}}", reference)
    return int(answer.stdout) if answer.returncode == 0 else None
