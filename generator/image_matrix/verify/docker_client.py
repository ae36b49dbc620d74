"""Checks images of the kind ``buildx``: docker and buildx answer, and a start makes BUILDKIT_HOST their builder.

No BuildKit and no daemon are needed: the address is one that never resolves (RFC 2606).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from image_matrix.verify.engine import Spec
from image_matrix.verify.probe_client import judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.verify.engine import Engine
    from image_matrix.verify.model import Result, Subject

ADDRESS = "tcp://buildkit.invalid:1234"
MARK = "@"
"""Begins a line of :data:`SCRIPT`: a name and a value."""
SCRIPT = f"""\
echo "{MARK}builder $(cat "${{BUILDX_CONFIG:-}}"/instances/* 2>/dev/null | head -c 1000)"
echo "{MARK}logins $(stat --file-system --format=%T "${{DOCKER_CONFIG:-/}}")"
echo "{MARK}docker $(docker --version 2>&1 | head -n 1)"
echo "{MARK}buildx $(docker buildx version 2>&1 | head -n 1)"
echo "{MARK}refusal $(docker build . 2>&1 | tail -n 1)"
"""
SECONDS = 30.0
_ANSWERS = (
    ("docker --version", "docker", "Docker version"),
    ("docker buildx version", "buildx", "github.com/docker/buildx"),
)
"""Command, name of its line, and how a good answer begins."""
INSTEAD = "docker buildx build"
CHECKS = ("docker", "docker-builder", "docker-logins", "docker-build")


def docker_client(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Start it with BUILDKIT_HOST, and ask docker in a login shell, as terminals are."""
    spec = Spec(subject.image, subject.platform, {"BUILDKIT_HOST": ADDRESS}, command=("bash", "-lc", SCRIPT))
    began = time.monotonic()
    with engine.container(spec) as container:
        container.wait(SECONDS)
        took, seen = time.monotonic() - began, _values(container.log(10_000))
        yield judged("docker", clients(seen), took, seen.get("docker", ""), container)
        yield judged("docker-builder", builder(seen), container=container)
        yield judged("docker-logins", logins(seen), container=container)
        yield judged("docker-build", refusal(seen), container=container)


def _values(log: str) -> dict[str, str]:
    lines = (line.removeprefix(MARK).partition(" ") for line in log.splitlines() if line.startswith(MARK))
    return {name: value for name, _, value in lines}


def clients(seen: dict[str, str]) -> str:
    """Both programs answer."""
    for command, name, answer in _ANSWERS:
        if not seen.get(name, "").startswith(answer):
            return f"`{command}` says: {seen.get(name) or 'nothing'}"
    return ""


def builder(seen: dict[str, str]) -> str:
    """The start has made the address a builder."""
    return (
        ""
        if ADDRESS in seen.get("builder", "")
        else "BUILDKIT_HOST is not a builder of buildx after the start"
    )


def logins(seen: dict[str, str]) -> str:
    """What ``docker login`` writes is in memory."""
    kind = seen.get("logins") or "unknown"
    return "" if kind == "tmpfs" else f"DOCKER_CONFIG is on a file system {kind}, not in memory"


def refusal(seen: dict[str, str]) -> str:
    """``docker build``, which needs a daemon, says what to write instead."""
    line = seen.get("refusal") or "nothing"
    return "" if INSTEAD in line else f"`docker build` does not name `{INSTEAD}`: {line}"
