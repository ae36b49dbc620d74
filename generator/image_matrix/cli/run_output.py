"""What ``run`` prints while a container runs: its address on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import note, paint, say

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.running.announcement import Announcement, RunClient
    from image_matrix.running.model import Launch
    from image_matrix.verify.engine import Engine

ENDS = "open this address: those in the log are the container's own; Ctrl-C ends it"
STDERR = 2
"""The descriptor of stderr (stdio(3))."""


def followed(session: Session, engine: Engine, launch: Launch) -> int:
    """Copy the log until the container ends, or the user interrupts: that is how the command is meant to end."""
    from image_matrix.running.attended import follow
    from image_matrix.running.words import FOLLOWED

    _introduce(session, launch, FOLLOWED)
    try:
        follow(engine, launch, _client(session, engine), lambda text: _tell(session, text, ENDS))
    except KeyboardInterrupt:
        say(session, f"{launch.image.id}: stopped and removed")
    return 0


def left(session: Session, engine: Engine, launch: Launch) -> int:
    """Leave the container running, and say how it ends."""
    from image_matrix.running.attended import leave
    from image_matrix.running.words import LEFT

    _introduce(session, launch, LEFT)
    leave(engine, launch, _client(session, engine), lambda text: _tell(session, text))
    name = launch.container
    note(session, f"`docker stop {name}` ends and removes it; `docker logs --follow {name}` prints its log")
    return 0


def in_terminal(session: Session, engine: Engine, launch: Launch) -> int:
    """Give the terminal to the container; return the exit code of its command."""
    from image_matrix.running import attended
    from image_matrix.running.client import has_terminal
    from image_matrix.running.words import PIPED, TERMINAL

    attachment = TERMINAL if has_terminal() else PIPED
    _introduce(session, launch, attachment)
    if launch.ports:
        note(
            session,
            f"127.0.0.1:{launch.port} on the engine's machine is port {launch.ports[0]} of the container",
        )
    return attended.in_terminal(engine, launch, attachment)


def _introduce(session: Session, launch: Launch, attachment: tuple[str, ...]) -> None:
    """Say what is started and where its home is; with ``-v``, also with which command line."""
    from image_matrix.running.words import shown_words

    say(session, f"{launch.image.id}: starting {launch.image.reference}")
    say(session, shown_words(launch, attachment), 1)
    if launch.home:
        name = launch.home.name
        kept = f"the volume {name}, which stays; `docker volume rm {name}` removes it"
        note(session, f"{launch.home.folder} is {kept}")


def _client(session: Session, engine: Engine) -> RunClient:
    """Return this program's side: logs go to stderr, unless ``-q`` asks for silence."""
    import subprocess

    from image_matrix.running.address import ssh_target
    from image_matrix.running.announcement import RunClient

    output = STDERR if session.verbosity >= 0 else subprocess.DEVNULL
    return RunClient(os.environ, ssh_target(engine.endpoint()), output)


def _tell(session: Session, announcement: Announcement, *more: str) -> None:
    """Print the address to stdout, and the rest as notes."""
    click.echo(paint(announcement.address, "bold"))
    sys.stdout.flush()  # a program that reads it goes on while the container runs
    for text in (*announcement.notes, *more):
        note(session, text)
