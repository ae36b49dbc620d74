"""Asks docker and buildx whether they are there, which builder there is, and how large an image is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from subprocess import CompletedProcess

from image_matrix.errors import EnvironmentFailure
from image_matrix.program import run_once
from image_matrix.stderr import failed


@dataclass(frozen=True, slots=True)
class NodeState:
    """One BuildKit of a builder, as buildx sees it."""

    endpoint: str = ""
    status: str = ""
    """``running``, ``inactive``, …; empty if buildx does not say."""
    error: str = ""
    platforms: tuple[str, ...] = ()
    """Those that it builds for, emulated ones included; empty if it does not run."""


@dataclass(frozen=True, slots=True)
class BuilderState:
    """A builder as ``docker buildx inspect`` shows it."""

    name: str
    driver: str
    """``docker``, ``docker-container``, ``remote`` or ``kubernetes``; empty if the engine does not answer."""
    error: str
    nodes: tuple[NodeState, ...]


def require_buildx() -> None:
    """Raise :class:`EnvironmentFailure` if docker or buildx is missing; neither needs a daemon."""
    if not shutil.which("docker"):
        raise EnvironmentFailure(
            "`docker` is not on PATH", "install Docker with buildx: docs.docker.com/engine/install"
        )
    buildx = run_once(("docker", "buildx", "version"))
    if buildx.returncode:
        raise EnvironmentFailure(
            failed("docker has no buildx", buildx.stderr),
            "install the package docker-buildx (or docker-buildx-plugin)",
        )


def require_engine() -> None:
    """Raise :class:`EnvironmentFailure` if the daemon, which keeps loaded images, does not answer."""
    info = run_once(("docker", "version", "--format", "{{.Server.Version}}"))
    if info.returncode:
        raise EnvironmentFailure(
            failed("the container engine does not answer", info.stderr), "start it, or set DOCKER_HOST"
        )


BuildxRunner = Callable[[Sequence[str], Mapping[str, str]], CompletedProcess[str]]
"""Runs a command of buildx with an environment."""


def run_buildx(command: Sequence[str], environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run a command with an environment, and return the result."""
    return run_once(command, environment)


def inspect_builder(name: str | None, environment: Mapping[str, str]) -> BuilderState:
    """Return a builder, or the one that buildx uses by default.

    Raises :class:`EnvironmentFailure` if buildx does not know it.
    """
    command = ["docker", "buildx", "inspect", *((name,) if name else ())]
    answer = run_buildx(command, environment)
    if answer.returncode:
        raise EnvironmentFailure(
            failed(f"`{' '.join(command)}` failed", answer.stderr), "`docker buildx ls` lists the builders"
        )
    return read_builder(answer.stdout)


def read_builder(text: str) -> BuilderState:
    """Read the output of ``docker buildx inspect``: fields of the builder, then those of each node."""
    head, _, rest = text.partition("\nNodes:\n")
    fields = _fields(head)
    nodes = [_fields(part) for part in rest.split("\n\n") if part.strip()]
    return BuilderState(
        fields.get("Name", ""),
        fields.get("Driver", ""),
        fields.get("Error", ""),
        tuple(
            NodeState(
                node.get("Endpoint", ""),
                node.get("Status", ""),
                node.get("Error", ""),
                tuple(name.strip().rstrip("*") for name in node.get("Platforms", "").split(",") if name),
            )
            for node in nodes
            if "Name" in node
        ),
    )


def _fields(text: str) -> dict[str, str]:
    """Return the ``Key: value`` lines that are not indented."""
    pairs = (line.partition(":") for line in text.splitlines() if line[:1].isalpha())
    return {key: value.strip() for key, _, value in pairs}


def image_bytes(reference: str) -> int | None:
    """Return the size in bytes of an image in the engine's store, or ``None`` if the store does not have it."""
    answer = run_once(("docker", "image", "inspect", "--format", "{{.Size}}", reference))
    return int(answer.stdout) if answer.returncode == 0 else None
