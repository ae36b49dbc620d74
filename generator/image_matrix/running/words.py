"""Writes the command line of ``docker run``."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.running.model import Launch

LABEL = "image-matrix.run"
"""The label of the containers, with the id of the variant."""
FOLLOWED = ("--detach",)
LEFT = ("--detach", "--rm")
"""How a container is started that the user ends later: the engine then removes it."""
PIPED = ("--interactive",)
TERMINAL = ("--interactive", "--tty")


def run_words(launch: Launch, attachment: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words after ``docker``; ``attachment`` is one of the tuples of this module.

    Notebooks run without capabilities, as in a pod; other images have those that the engine gives.
    """
    confined = launch.image.contract == "notebook"
    return (
        "run",
        *attachment,
        "--pull=never",
        f"--name={launch.container}",
        f"--label={LABEL}={launch.image.id}",
        *(("--cap-drop=ALL", "--security-opt=no-new-privileges") if confined else ()),
        *((f"--platform={launch.platform}",) if launch.platform else ()),
        *(f"--publish={port}" for port in launch.published),
        *((f"--mount={launch.home.mount}",) if launch.home else ()),
        *(f"--env={setting.word}" for setting in launch.env),
        *launch.devices,
        launch.image.reference,
        *launch.command,
    )


def shown_words(launch: Launch, attachment: tuple[str, ...]) -> str:
    """Return the command line for a log: of variables, only their names."""
    names = tuple(replace(setting, value=None) for setting in launch.env)
    return shlex.join(("docker", *run_words(replace(launch, env=names), attachment)))
