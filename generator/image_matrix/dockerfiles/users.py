"""Reads which user a Dockerfile leaves an image with; docs.docker.com/reference/dockerfile, ``USER``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.expansion import expand
from image_matrix.dockerfiles.instructions import DockerfileError, parse
from image_matrix.dockerfiles.variables import with_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

PLATFORM = "linux/amd64"
"""Its stages are read; where those of another platform end with another user, that one is not known."""
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?")


def last_user(text: str, args: Mapping[str, str], target: str | None = None) -> str | None:
    """Return the user that a stage sets, the last one if none is named.

    ``args`` are the values of build arguments. ``None`` if it sets none, empty if its text is not understood. A stage
    has the user and the variables of the stage that it is built from.
    """
    try:
        dockerfile = parse(text)
        users = [
            expand(item.text, values, dockerfile.escape)
            for item, values in with_variables(dockerfile, args, PLATFORM, target)
            if item.name == "USER"
        ]
    except DockerfileError:
        return ""
    return (users[-1] if _USER.fullmatch(users[-1]) else "") if users else None
