"""Decides how an image is started: what is published, where its home is, and whether it needs a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.home import HOME
from image_matrix.errors import CallError
from image_matrix.running.model import HomeVolume, Launch
from image_matrix.running.options import NO_VOLUME
from image_matrix.verify.contract import PORT

if TYPE_CHECKING:
    from image_matrix.running.model import LocalImage, RunOptions

SHELL = ("bash",)
"""What a notebook image without a service runs; the kinds have it."""
_FOLDER = re.compile(r"/+[^/,\"\x00-\x1f\x7f][^,\"\x00-\x1f\x7f]*")
"""A home that can be mounted: a comma or a quote would begin another field of ``--mount``."""


def launch_of(image: LocalImage, options: RunOptions, container: str) -> Launch:
    """Return the container to start, which gets the name ``container``; raises :class:`CallError`."""
    ports = ports_of(image)
    if options.port is not None and not ports:
        raise CallError(
            f"--port: {image.id} has no port",
            "leave it out, or write `EXPOSE PORT` in the Dockerfile of the image",
        )
    in_terminal = bool(options.command) or not ports
    return Launch(
        container,
        image,
        options.platform,
        (ports[:1] if options.port else ()) if in_terminal else ports,
        options.port,
        home_of(image, options.volume),
        options.env,
        options.devices,
        options.command or (() if ports else _command(image)),
        in_terminal,
    )


def refuse_shell_without_terminal(launch: Launch) -> None:
    """Raise :class:`CallError` for a shell that would end at once, since nobody writes to it."""
    if launch.command == SHELL:
        raise CallError(
            f"--detach: nothing listens in {launch.image.id}, and a shell alone ends at once",
            "leave it out, or name a command after `--`",
        )


def ports_of(image: LocalImage) -> tuple[int, ...]:
    """Return the ports on which an image listens, the main one first.

    Every kind exposes the port of notebooks, also one that brings no service.
    """
    if image.served:
        return (PORT,)
    if image.contract == "notebook" and image.has_kind:
        return ()
    return tuple(sorted(image.start.ports, key=lambda port: (port != PORT, port)))


def home_of(image: LocalImage, volume: str | None) -> HomeVolume | None:
    """Return the volume of the home; raises :class:`CallError` for a volume of an image whose home is unknown."""
    folder = HOME if image.contract == "notebook" else image.start.env.get("HOME", "")
    known = _FOLDER.fullmatch(folder) is not None
    if volume == NO_VOLUME or not (known or volume):
        return None
    if not known:
        raise CallError(
            f"--volume: {image.id} does not say where its home is",
            "leave it out, or write `ENV HOME=FOLDER` in the Dockerfile of the image",
        )
    return HomeVolume(volume or f"image-matrix-{image.name}", folder)


def _command(image: LocalImage) -> tuple[str, ...]:
    """Return the command of an image without a port; none leaves it to the image."""
    if image.contract == "notebook" and image.has_kind:
        return SHELL
    if not image.start.words:
        raise CallError(
            f"{image.id} has neither an entry point nor a command",
            f"name one: `image-matrix run {image.id} -- sh`",
        )
    return ()
