"""Reads what a Dockerfile has run in the builds of the images that are built FROM its own: ``ONBUILD``.

Source: docs.docker.com/reference/dockerfile/#onbuild. Triggers run behind the FROM that names the image; what is built
on the result runs them no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import without_trigger
from image_matrix.dockerfiles.stages import bodies, copies, stages, target_number

if TYPE_CHECKING:
    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

_OF_CONTEXT = ("ADD", "COPY")


def triggers(dockerfile: Dockerfile, build: DockerfileBuild, platform: str) -> tuple[Instruction, ...]:
    """Return what the target of a Dockerfile has run in other builds, without ``ONBUILD``.

    Raises :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    number = target_number(stages(dockerfile, build.args, platform), build.target)
    body = bodies(dockerfile)[number] if number is not None else []
    return tuple(without_trigger(item, dockerfile.escape) for item in body if item.name == "ONBUILD")


def sources_of_triggers(dockerfile: Dockerfile, build: DockerfileBuild, platform: str) -> dict[str, str]:
    """Return the names that triggers copy or mount from, each with the source that replaces it."""
    names = [use.name for item in triggers(dockerfile, build, platform) for use in copies(item)]
    return {name: build.sources[name] for name in names if name in build.sources}


def copies_from_context(item: Instruction) -> bool:
    """Say whether an instruction takes files of the build context."""
    is_address = item.name == "ADD" and "://" in item.text
    return item.name in _OF_CONTEXT and item.flag("from") is None and not is_address and not item.heredocs
