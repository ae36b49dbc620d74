"""Defines what platforms and architectures are called."""

from __future__ import annotations

Platform = str
"""``linux/amd64``, ``linux/arm64``, ``linux/arm/v7``."""
MACHINES = {"386": "i686", "amd64": "x86_64", "arm": "armv7l", "arm64": "aarch64"}
"""Architectures that `uname -m` calls otherwise."""
DOCKERS_NAMES = {"x86_64": "amd64", "x64": "amd64", "aarch64": "arm64"}
"""Other names of architectures, to what Docker calls them."""
ARCHITECTURES = ("amd64", "arm64", "386", "arm", "ppc64le", "riscv64", "s390x")
LOCKABLE = ("linux/amd64", "linux/arm64")
"""Platforms that Python and conda packages are locked for."""


def architecture(platform: str) -> str:
    """Return the architecture of a platform as TARGETARCH has it: ``arm`` for ``linux/arm/v7``."""
    return platform.split("/")[1]
