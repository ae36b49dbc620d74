"""Lists the secrets that steps of a Dockerfile mount."""

from __future__ import annotations

import csv
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.dockerfiles.instructions import Dockerfile


def mounted_secrets(dockerfile: Dockerfile) -> set[str]:
    """Return the ids of the secrets that a Dockerfile mounts; the default is the last part of the target.

    Source: docs.docker.com/reference/dockerfile/#run---mounttypesecret.
    """
    flags = (value for item in dockerfile.instructions for name, value in item.flags if name == "mount")
    mounts = [dict(_fields(value)) for value in flags]
    every = (
        mount.get("id") or posixpath.basename(_target(mount))
        for mount in mounts
        if mount.get("type") == "secret"
    )
    return {name for name in every if name}


def _fields(value: str) -> list[tuple[str, str]]:
    pairs = (field.partition("=") for row in csv.reader([value]) for field in row)
    return [(name.strip().lower(), text) for name, _, text in pairs]


def _target(mount: dict[str, str]) -> str:
    return mount.get("target") or mount.get("dst") or mount.get("destination") or ""
