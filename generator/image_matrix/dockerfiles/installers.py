"""Reads which package managers a Dockerfile plainly has: it installs them with apt, or its steps call them by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.apt_pins import called_apt, scripts_of
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


_REMOVES = ("autoremove", "auto-remove", "purge", "remove")


def shown_installers(dockerfile: Dockerfile, build: DockerfileBuild, platform: str) -> frozenset[Manager]:
    """Return the package managers that the target of a Dockerfile plainly has, without those that it removes again.

    Raises :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    installed: set[str] = set()
    called: set[Manager] = set()
    for script, values in scripts_of(dockerfile, build.args, platform, build.target):
        for words in commands(script, values):
            action, packages = called_apt(words)
            names = {re.split("[=/:]", word)[0] for word in packages} & _PACKAGES.keys()
            if action == "install":
                installed |= names
            elif action in _REMOVES:
                installed -= names
                called -= {_PACKAGES[name] for name in names}
            elif words and words[0] in _COMMANDS:
                called.add(_COMMANDS[words[0]])
    return frozenset(called | {_PACKAGES[name] for name in installed})


def of_chain(every: list[frozenset[Manager]]) -> frozenset[Manager]:
    """Return what several Dockerfiles show, each built on the next: where conda is, Python and R may be conda's."""
    managers = {manager for one in every for manager in one}
    return frozenset(managers - {"pip", "cran"} if "conda" in managers else managers)
