"""Finds the script of the project that a step of a generated Dockerfile runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import parse
from image_matrix.dockerfiles.mounts import mounts

if TYPE_CHECKING:
    from image_matrix.build.request import BuildLeg, BuildRequest

TARGET = "/run/script"
"""Where generated Dockerfiles mount a script: the macro ``script`` of ``templates/dockerfiles/macros.j2``."""


def script_of(request: BuildRequest, leg: BuildLeg, line: int | None) -> str | None:
    """Return the path of the script that the step at a line of a generated Dockerfile runs, if it runs one."""
    if leg.variant.build:
        return None
    steps = (one for one in parse(request.dockerfile_text(leg)).instructions if one.line == line)
    bound = (mount for one in steps for mount in mounts(one) if mount.get("target") == TARGET)
    return next((mount["source"].lstrip("/") for mount in bound if "source" in mount), None)
