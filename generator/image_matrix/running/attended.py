"""Runs a container as long as the user wants it: with its log, in the terminal, or left to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.running.announcement import announcement
from image_matrix.running.client import attached, following
from image_matrix.running.container import LOG, end, exit_code, start
from image_matrix.running.words import FOLLOWED, LEFT, run_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.running.announcement import Announcement, RunClient
    from image_matrix.running.model import Launch
    from image_matrix.verify.engine import Engine

    Tell = Callable[[Announcement], None]

ENGINE_FAILED = 125
"""Exit code of ``docker run`` if the engine fails (docs.docker.com/engine/containers/run)."""


def follow(engine: Engine, launch: Launch, client: RunClient, tell: Tell) -> None:
    """Run a container, copy its log, tell its address, and remove it when it ends or the user interrupts.

    Raises :class:`Failure` if it ends with another code than 0.
    """
    try:
        container = start(engine, launch, FOLLOWED)
        with following(launch.container, output=client.output) as log:
            tell(announcement(container, launch, client))
            code = exit_code(container, log)
    finally:
        end(engine, launch.container)
    if code != 0:
        raise Failure(f"{launch.image.id} ended{'' if code is None else f' with exit code {code}'}", LOG)


def leave(engine: Engine, launch: Launch, client: RunClient, tell: Tell) -> None:
    """Start a container, copy its log until it answers, tell its address, and leave it running.

    A container that fails before, or for which the user does not wait, is removed.
    """
    try:
        container = start(engine, launch, LEFT)
        if launch.ports:
            with following(launch.container, output=client.output):
                tell(announcement(container, launch, client))
    except BaseException:
        end(engine, launch.container)
        raise


def in_terminal(engine: Engine, launch: Launch, attachment: tuple[str, ...]) -> int:
    """Give the terminal to a container; return the exit code of its command, and remove it.

    Raises :class:`EnvironmentFailure` if the engine fails; docker has then printed the reason.
    """
    try:
        code = attached(run_words(launch, attachment))
    finally:
        end(engine, launch.container)
    if code == ENGINE_FAILED:
        raise EnvironmentFailure(
            f"the engine did not run {launch.image.reference}", "see what docker says above"
        )
    return code
