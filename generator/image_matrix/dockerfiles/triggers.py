"""Reads what a Dockerfile has run in the builds of the images that are built FROM its own: ``ONBUILD``.

Source: docs.docker.com/reference/dockerfile/#onbuild. Triggers run behind the FROM that names the image; what is built
on the result runs them no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.copied_files import sources_of
from image_matrix.dockerfiles.instructions import HEREDOC, without_trigger
from image_matrix.dockerfiles.stages import bodies, copies, stages, target_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction


def triggers(dockerfile: Dockerfile, build: DockerfileBuild, platform: str) -> tuple[Instruction, ...]:
    """Return what the target of a Dockerfile has run in other builds, without ``ONBUILD``.

    Raises :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    if all(one.name != "ONBUILD" for one in dockerfile.instructions):
        return ()
    number = target_number(stages(dockerfile, build.args, platform), build.target)
    body = bodies(dockerfile)[number] if number is not None else []
    return tuple(without_trigger(item, dockerfile.escape) for item in body if item.name == "ONBUILD")


@dataclass(frozen=True, slots=True)
class Replaced:
    """The names that triggers copy or mount from, and what the build that has them replaces these by."""

    sources: Mapping[str, str]
    images: Mapping[str, str]
    """Each with the id of a variant."""


def replaced_in_triggers(dockerfile: Dockerfile, build: DockerfileBuild, platform: str) -> Replaced:
    """Return what replaces the names in triggers."""
    names = {use.name for item in triggers(dockerfile, build, platform) for use in copies(item)}
    return Replaced(
        {name: source for name, source in build.sources.items() if name in names},
        {name: image for name, image in build.images.items() if name in names},
    )


def copies_from_context(item: Instruction, escape: str) -> bool:
    """Say whether an instruction takes files of the build context."""
    return any(not HEREDOC.fullmatch(source) for source in sources_of(item, escape))
