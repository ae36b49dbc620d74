"""Starts a container, waits for its end, and removes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.running.words import run_words
from image_matrix.stderr import failed
from image_matrix.verify.engine import UNSTARTABLE, Container

if TYPE_CHECKING:
    from subprocess import Popen

    from image_matrix.running.model import Launch
    from image_matrix.verify.engine import CommandResult, Engine

GRACE = 2
"""Seconds from the request to stop to the end by force."""
HOUR = 3600.0
LOG = "its log says why; `-q` hides the log"
IN_USE = ("port is already allocated", "address already in use")
"""What Docker says of a port that another process has."""


def start(engine: Engine, launch: Launch, attachment: tuple[str, ...]) -> Container:
    """Start a container; raises :class:`EnvironmentFailure`, or :class:`Failure` if its entry point does not start.

    A container that could not start may still exist: :func:`end` removes it.
    """
    answer = engine.call(run_words(launch, attachment), None, 120.0)
    if answer.code != 0:
        raise start_failure(launch, answer)
    return Container(engine, launch.container)


def start_failure(launch: Launch, answer: CommandResult) -> Failure:
    """Return what an unsuccessful ``docker run`` means."""
    reference = launch.image.reference
    if any(text in answer.err for text in IN_USE):
        return EnvironmentFailure(
            f"port {launch.port} is in use on the engine's machine"
            if launch.port
            else failed("no port", answer.err),
            "name another one with `--port`, or leave `--port` out for a free one",
        )
    if answer.code in UNSTARTABLE:
        return Failure(failed(f"{reference} does not start", answer.err))
    return EnvironmentFailure(failed(f"the engine cannot start {reference}", answer.err))


def end(engine: Engine, container: str) -> None:
    """Stop a container and remove it with its unnamed volumes, also if the first is interrupted."""
    try:
        engine.call(("stop", "-t", str(GRACE), container), None, 30.0)
    finally:
        engine.call(("rm", "--force", "--volumes", container), None, 60.0)


def exit_code(container: Container, log: Popen[bytes]) -> int | None:
    """Wait until a container ends, whose log ``log`` copies; return its exit code, ``None`` if it is not known."""
    log.wait()
    while container.runs():
        container.wait(HOUR)
    return container.wait(1.0)


def ended(launch: Launch, container: Container) -> Failure:
    """Return the failure for a container that has ended before it answered."""
    code = container.wait(1.0)
    how = "ended" if code is None else f"ended with exit code {code}"
    return Failure(f"{launch.image.id} {how} before it answered", LOG)
