"""Lists the secrets that steps of a Dockerfile mount."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.mounts import mounts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.dockerfiles.instructions import Instruction


def mounted_secrets(instructions: Iterable[Instruction]) -> set[str]:
    """Return the ids of the secrets that instructions mount; the default is the last part of the target.

    Source: docs.docker.com/reference/dockerfile/#run---mounttypesecret.
    """
    every = (
        mount.get("id") or posixpath.basename(_target(mount))
        for item in instructions
        for mount in mounts(item)
        if mount.get("type") == "secret"
    )
    return {name for name in every if name}


def _target(mount: dict[str, str]) -> str:
    return mount.get("target") or mount.get("dst") or mount.get("destination") or ""
