"""docker buildx as a process: is it there, run a bake, what did it say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.errors import EnvironmentFailure, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

METADATA = "metadata.json"


@dataclass(frozen=True, slots=True)
class Built:
    """What a bake made of one target."""

    target: str
    digest: str
    seconds: float
    """Time that the engine worked on the target's own steps."""


class BuildFailed(Failure):
    """A step of a Dockerfile failed; the log above says why."""


def require_engine() -> None:
    """Raise :class:`EnvironmentFailure` where there is no docker, no buildx or no daemon."""
    if not shutil.which("docker"):
        raise EnvironmentFailure(
            "there is no `docker` on PATH", "install Docker with buildx: docs.docker.com/engine/install"
        )
    buildx = _answer("docker", "buildx", "version")
    if buildx.returncode:
        raise EnvironmentFailure(
            "docker has no buildx", "install the package docker-buildx (or docker-buildx-plugin)"
        )
    info = _answer("docker", "version", "--format", "{{.Server.Version}}")
    if info.returncode:
        said = (info.stderr.strip().splitlines() or ["no answer"])[-1]
        raise EnvironmentFailure(
            f"the container engine does not answer: {said}", "start it, or set DOCKER_HOST"
        )


def _answer(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def bake(
    folder: Path,
    file: str,
    targets: list[str],
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    show: Callable[[str], None],
) -> list[Built]:
    """Run ``docker buildx bake`` in ``folder``; every line of its log goes to ``show``.

    Raises :class:`BuildFailed` with the target that failed.
    """
    metadata = folder / METADATA
    metadata.unlink(missing_ok=True)  # buildx leaves an old one in place when it fails
    command = ["docker", "buildx", "bake", "--file", file, "--progress=plain", f"--metadata-file={metadata}"]
    log = Log()
    with subprocess.Popen(
        [*command, *arguments, *targets],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None  # noqa: S101 - asked for above
        for line in process.stderr:
            show(line.rstrip("\n"))
            log.read(line)
    if process.returncode:
        raise BuildFailed(log.failure(), "the log above has the step and its output")
    return _results(json.loads(metadata.read_text()), targets, log)


def _results(metadata: Mapping[str, Mapping[str, str]], targets: list[str], log: Log) -> list[Built]:
    if len(targets) == 1:  # the log names targets only where there are several
        log.seconds = {targets[0]: sum(log.seconds.values())}
    digests = {
        name: entry.get("containerimage.digest", "") for name, entry in metadata.items() if name in targets
    }
    return [Built(name, digests.get(name, ""), log.seconds.get(name, 0.0)) for name in targets]


_STEP = re.compile(r"#(?P<number>\d+) \[(?P<target>[\w-]+)[ \]]")
_DONE = re.compile(r"#(?P<number>\d+) DONE (?P<seconds>[\d.]+)s")
_ERROR = re.compile(r"#(?P<number>\d+) ERROR: (?P<message>.*)")
_LAST = re.compile(r"ERROR: (?P<message>.*)")


class Log:
    """Reads buildx' plain progress as it comes: whose step took how long, and which one failed."""

    def __init__(self) -> None:
        self.owner: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.errors: list[str] = []
        self.last = ""

    def read(self, line: str) -> None:
        """Take one line in."""
        if match := _STEP.match(line):
            self.owner[match["number"]] = match["target"]
        elif match := _DONE.match(line):
            target = self.owner.get(match["number"], "")
            self.seconds[target] = self.seconds.get(target, 0.0) + float(match["seconds"])
        elif match := _ERROR.match(line):
            self.errors.append(f"{self.owner.get(match['number'], '')}: {match['message']}")
        elif match := _LAST.match(line):
            self.last = match["message"]

    def failure(self) -> str:
        """Return one sentence that names the target and what the engine said."""
        own = [
            error for error in self.errors if not error.endswith("CANCELED") and "cache importer" not in error
        ]
        return (
            f"the build failed in {own[0]}"
            if own
            else f"the build failed: {self.last or 'see the log above'}"
        )


def image_bytes(reference: str) -> int | None:
    """Return an image's size in the engine's store, in bytes, or ``None`` where it is not there."""
    answer = _answer("docker", "image", "inspect", "--format", "{{.Size}}", reference)
    return int(answer.stdout) if answer.returncode == 0 else None


def pushed_bytes(reference: str) -> int | None:
    """Return the compressed size in bytes of `repository@digest` in its registry, all platforms together."""
    answer = _answer("docker", "buildx", "imagetools", "inspect", "--raw", reference)
    if answer.returncode:
        return None
    manifest = json.loads(answer.stdout)
    if "manifests" not in manifest:
        return sum(int(layer["size"]) for layer in manifest["layers"])
    children = (item for item in manifest["manifests"] if item.get("platform", {}).get("os") != "unknown")
    repository = reference.partition("@")[0]
    return sum(pushed_bytes(f"{repository}@{child['digest']}") or 0 for child in children)
