"""Says before a build with buildah or Podman what is missing: the program, its version, user namespaces, a feature."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from image_matrix.build.buildah_failure import PLACE
from image_matrix.build.failure import remedy_in
from image_matrix.dockerfiles.instructions import parse
from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.registry.reference import parse_reference
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.build.request import BuildRequest
    from image_matrix.config.release import Release
    from image_matrix.program import ProgramRunner

OLDEST = (1, 37)
"""github.com/containers/buildah, CHANGELOG.md: 1.27 has named contexts, 1.36 leaves variables in heredocs to the shell,
1.37 mounts secrets of variables with the isolation chroot, too."""
_OLDEST_TEXT = "buildah 1.37 or newer, or Podman 5.2 or newer"
_VERSION = re.compile(r"\b(\d+)\.(\d+)\.\d+")
_DOCKERFILES = ("docker/dockerfile", "docker/dockerfile-upstream")
"""The frontends whose language buildah reads, from whatever registry."""
_COMMANDS = {
    "buildah": (("buildah", "--version"), ("buildah", "info")),
    "podman": (("podman", "info", "--format", "{{.Host.BuildahVersion}}"),),
}
"""The first prints the version of buildah, which Podman contains; the last fails where nothing can be built."""


def require_buildah(program: str, run: ProgramRunner) -> None:
    """Raise :class:`EnvironmentFailure` if the program is missing, too old, or cannot work at this place."""
    if not shutil.which(program):
        raise EnvironmentFailure(
            f"`{program}` is not on PATH", f"install {_OLDEST_TEXT}, or build with `--engine buildx`"
        )
    answers = [run(command) for command in _COMMANDS[program]]
    for answer in answers:
        if answer.returncode:
            remedy = remedy_in(PLACE, answer.stderr) or f"`{program} info` shows what is missing"
            raise EnvironmentFailure(failed(f"{program} cannot build here", answer.stderr), remedy)
    match = _VERSION.search(answers[0].stdout)
    if match and (int(match[1]), int(match[2])) < OLDEST:
        raise EnvironmentFailure(
            f"{program} is too old: its builds are those of buildah {match[0]}", f"install {_OLDEST_TEXT}"
        )


def refuse_unsupported(program: str, release: Release, *, push: bool) -> None:
    """Raise :class:`CallError` if the images would lack what the matrix asks for."""
    asked = {"release.sbom": release.sbom, "release.provenance": release.provenance != "none"}
    fields = [name for name, is_asked in asked.items() if is_asked]
    if push and fields:
        raise CallError(
            f"{program} cannot attach what {' and '.join(f'`{name}`' for name in fields)} "
            f"{'ask' if len(fields) > 1 else 'asks'} for",
            "write `release: {sbom: false, provenance: none}`, or push with `--engine buildx`",
        )
    if push and release.compression != "gzip":
        raise CallError(
            f"{program} does not push what `release.compression` asks for: it builds in Docker's format, "
            f"which has no {release.compression}",
            "write `release: {compression: gzip}`, or push with `--engine buildx`",
        )


def refuse_frontends(program: str, request: BuildRequest) -> None:
    """Raise :class:`CallError` if a Dockerfile is in another language, which only its frontend knows."""
    for image, frontend in _frontends(request):
        if not parse_reference(frontend).repository.endswith(_DOCKERFILES):
            raise CallError(
                f"{program} cannot build {image}: its Dockerfile needs the frontend {frontend}",
                "build it with `--engine buildx`",
            )


def _frontends(request: BuildRequest) -> Iterator[tuple[str, str]]:
    for leg in request.legs:
        syntax = parse(request.dockerfile_text(leg)).syntax
        if syntax:
            yield leg.variant.image, syntax


def limits(program: str, request: BuildRequest, settings: Collection[str]) -> list[str]:
    """Return what users have to know before a build; ``settings`` are the names of what chooses a builder of buildx."""
    notes = []
    if any(True for _ in _frontends(request)):
        notes.append(f"{program} reads Dockerfiles itself: the frontends that `# syntax` names are not used")
    return [*notes, *(f"{name} is for buildx: {program} builds on this machine" for name in settings)]
