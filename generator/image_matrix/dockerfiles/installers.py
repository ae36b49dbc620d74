"""Reads which package managers a Dockerfile plainly has: it installs them with apt, or its steps call them by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dockerfiles.apt_pins import installed_by_apt, scripts_of
from image_matrix.dockerfiles.shell_words import commands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.config.model import Manager
    from image_matrix.dockerfiles.instructions import Dockerfile

_PACKAGES: Mapping[str, Manager] = {
    "python3-pip": "pip",
    "npm": "npm",
    "r-base": "cran",
    "r-base-core": "cran",
    "r-base-dev": "cran",
}
"""Package of Debian to the manager that it brings."""
_COMMANDS: Mapping[str, Manager] = {
    "conda": "conda",
    "mamba": "conda",
    "micromamba": "conda",
    "npm": "npm",
    "Rscript": "cran",
}
"""Command on PATH to the manager that it shows. `pip` shows none: which Python it belongs to is not known."""


def shown_installers(dockerfile: Dockerfile, build: DockerfileBuild, platform: str) -> frozenset[Manager]:
    """Return the package managers that the target of a Dockerfile plainly has.

    Raises :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    managers: set[Manager] = set()
    for script, values in scripts_of(dockerfile, build.args, platform, build.target):
        names = (word.partition("=")[0].partition("/")[0] for word in installed_by_apt(script, values))
        managers |= {_PACKAGES[name] for name in names if name in _PACKAGES}
        first = (words[0] for words in commands(script, values) if words)
        managers |= {_COMMANDS[name] for name in first if name in _COMMANDS}
    return frozenset(managers)


def of_chain(every: list[frozenset[Manager]]) -> frozenset[Manager]:
    """Return what several Dockerfiles show, each built on the next: where conda is, Python and R may be conda's."""
    managers = {manager for one in every for manager in one}
    return frozenset(managers - {"pip", "cran"} if "conda" in managers else managers)
