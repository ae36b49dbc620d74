"""``run``: starts one image on this machine, with a volume for its home, a free port and the address."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.failures import terminable
from image_matrix.cli.options import not_empty
from image_matrix.cli.printing import note, say
from image_matrix.cli.project import open_locked
from image_matrix.cli.run_output import followed, in_terminal, left
from image_matrix.cli.variant_images import BUILD, REFERENCE, get_images, images_of

if TYPE_CHECKING:
    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.running.model import Launch, LocalImage, RunOptions
    from image_matrix.verify.engine import Engine


@dataclass(frozen=True, slots=True)
class RunCall:
    """The options of the command line."""

    name: str
    command: tuple[str, ...]
    image: str | None
    platform: str | None
    port: int | None
    volume: str | None
    env: tuple[str, ...]
    gpus: bool
    detach: bool


@click.command()
@click.argument("name", metavar="VARIANT")
@click.argument("command", metavar="[-- COMMAND...]", nargs=-1)
@click.option(
    "--image",
    metavar="REFERENCE",
    callback=not_empty,
    help="Run this image instead of the one with the variant's key.",
)
@click.option("--platform", metavar="OS/ARCH", help="Run it for this platform, emulated if necessary.")
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    help="Port on 127.0.0.1 of the engine's machine; the default is a free one.",
)
@click.option(
    "--volume",
    metavar="NAME",
    callback=not_empty,
    help="Volume for the home, which stays, or `none`; the default is image-matrix-IMAGE.",
)
@click.option(
    "--env",
    metavar="NAME[=VALUE]",
    multiple=True,
    help="Set a variable; a name alone takes its value from this environment; repeatable.",
)
@click.option("--gpus", is_flag=True, help="Pass the devices that the accelerator of the image is for.")
@click.option("--detach", is_flag=True, help="Print the address and leave the container running.")
@click.pass_obj
def run_image(session: Session, /, **options: Any) -> int:  # noqa: ANN401 - click passes what it parsed
    """Run one image on this machine, and print its address.

    VARIANT is IMAGE or IMAGE:LABEL, as `list` prints it; IMAGE means its first variant. Only this machine reaches the
    port. The home is a volume that stays. Ctrl-C stops and removes the container. With COMMAND, or if nothing listens
    in the image, the terminal is the container's, and the exit code is that of its command.
    """
    from image_matrix.verify.engine import docker

    call = RunCall(**options)
    asked = _asked(call)
    project = open_locked(session)
    identifier = _chosen(session, project, call)
    engine = docker()
    launch = _launch(session, engine, call, asked, _image(session, engine, project, identifier, call))
    with terminable():
        if call.detach:
            return left(session, engine, launch)
        return (in_terminal if launch.in_terminal else followed)(session, engine, launch)


def _asked(call: RunCall) -> RunOptions:
    """Return what the user asks for; raises :class:`CallError`."""
    from image_matrix.running.model import RunOptions
    from image_matrix.running.options import checked_volume, env_settings

    env, volume = env_settings(call.env, os.environ), checked_volume(call.volume)
    return RunOptions(call.platform, call.port, volume, env, command=call.command)


def _chosen(session: Session, project: Project, call: RunCall) -> str:
    """Return the variant: of an image with several, the first; raises :class:`CallError` for an unknown one."""
    from image_matrix.config.variant_selectors import select_legs

    legs = select_legs(project.loaded.variants, (call.name,), (call.platform,) if call.platform else ())
    variants = list(dict.fromkeys(name for name, _ in legs))
    if len(variants) > 1:
        say(session, f"{call.name} has {len(variants)} variants; this is the first, {variants[0]}")
    return variants[0]


def _image(session: Session, engine: Engine, project: Project, identifier: str, call: RunCall) -> LocalImage:
    """Return the variant's image, in the engine's store; what the matrix rules out is said before it is pulled."""
    from image_matrix.running.local_image import local_image
    from image_matrix.running.options import refuse_no_accelerator

    reference = call.image or images_of(project, [identifier], call.platform)[identifier]
    image = local_image(project.loaded, identifier, reference)
    if call.gpus:
        refuse_no_accelerator(image)
    remedy = REFERENCE if call.image else BUILD
    get_images(session, engine, {identifier: reference}, call.platform, remedy)
    return replace(image, start=engine.start_of(reference))


def _launch(session: Session, engine: Engine, call: RunCall, asked: RunOptions, image: LocalImage) -> Launch:
    """Return the container to start; raises :class:`CallError` for what the image cannot do."""
    from image_matrix.running.launch import launch_of, refuse_shell_without_terminal

    if call.gpus:
        asked = replace(asked, devices=_devices(session, engine, image))
    launch = launch_of(image, asked, f"image-matrix-{image.name}-{os.urandom(3).hex()}")
    if call.detach:
        refuse_shell_without_terminal(launch)
    return launch


def _devices(session: Session, engine: Engine, image: LocalImage) -> tuple[str, ...]:
    """Return the options that pass devices; if there are none, say why."""
    from image_matrix.running.options import device_options

    options, reason = device_options(image, engine.runtimes())
    if reason:
        note(session, reason)
    return options
