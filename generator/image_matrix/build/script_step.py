"""Finds the script of the project that a step of a generated Dockerfile runs."""

from __future__ import annotations

from image_matrix.dockerfiles.instructions import parse

TARGET = "/run/script"
"""Where generated Dockerfiles mount a script: the macro ``script`` of ``templates/dockerfiles/macros.j2``."""


def script_at(dockerfile: str, line: int | None) -> str | None:
    """Return the script, as a path from the matrix, that the instruction at a line runs; ``None`` if it runs none."""
    steps = (one for one in parse(dockerfile).instructions if one.line == line)
    mounts = (value for one in steps for name, value in one.flags if name == "mount")
    options = (dict(part.partition("=")[::2] for part in mount.split(",")) for mount in mounts)
    return next((one["source"].lstrip("/") for one in options if one.get("target") == TARGET), None)
