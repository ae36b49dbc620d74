"""``build``: buildx bake of some variants and the parents that they need."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.session import Session, ca_bundle, netrc, open_locked, registry_of, say, terminable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.build.bake import Built
    from image_matrix.build.process import Ended, Watch
    from image_matrix.build.request import Aim, LegId, Request
    from image_matrix.build.site import Secrets
    from image_matrix.config.loaded import Loaded
    from image_matrix.planning.registry_locations import Places


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments and options."""

    names: tuple[str, ...]
    push: bool
    load: bool
    platforms: tuple[str, ...]
    builder: str | None
    registry: bool
    force: bool
    print_only: bool
    candidate: bool
    staging: bool
    cache: str

    @property
    def aim(self) -> Aim:
        """Where the build goes."""
        from image_matrix.build.request import Aim

        return Aim(self.push, self.candidate, self.staging, self.cache, fresh=self.force)

    @property
    def chosen_platforms(self) -> tuple[str, ...]:
        """The platforms that are asked for; an image store can run this machine's own."""
        from image_matrix.pinned.tools import native_arch

        return self.platforms or (() if self.push else (f"linux/{native_arch()}",))


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option("--push", is_flag=True, help="Push to the registry, under the immutable tag.")
@click.option(
    "--load", is_flag=True, help="Put it into the engine's image store; the default without --push."
)
@click.option(
    "--platform", "platforms", metavar="OS/ARCH", multiple=True, help="Only for this platform; repeatable."
)
@click.option("--builder", metavar="NAME", help="Use this buildx builder.")
@click.option(
    "--registry/--no-registry", default=True, help="Use what the registry has already.  [default: registry]"
)
@click.option(
    "--force",
    is_flag=True,
    envvar="IMAGE_MATRIX_FORCE",
    help="Build anew what is there, without layers of before.",
)
@click.option("--print", "print_only", is_flag=True, help="Print the bake definition and build nothing.")
@click.option(
    "--candidate",
    is_flag=True,
    help="Workflow, with --push: push under the candidate tag, which `accept` makes the immutable one after the "
    "tests; parents must be there.",
)
@click.option(
    "--staging",
    is_flag=True,
    envvar="IMAGE_MATRIX_STAGING",
    help="Workflow: look below the staging path too, and push there.",
)
@click.option(
    "--cache",
    type=click.Choice(["none", "read", "write"]),
    default="none",
    show_default=True,
    envvar="IMAGE_MATRIX_CACHE",
    help="Workflow, with --push: layers from and to the registry.",
)
@click.pass_obj
def build(session: Session, /, **options: Any) -> int:  # noqa: ANN401 - click passes what it parsed
    """Build variants and the parents that they need.

    VARIANT is IMAGE or IMAGE:LABEL, as in `list`; all by default. A terminal lists the steps; a file, a pipe and -v get
    the whole log of buildx; with -q only the log of a failed step is printed.
    """
    from image_matrix.build.buildx import require_engine
    from image_matrix.build.request import make_request, refuse_ancestors
    from image_matrix.cli.plan import state_of
    from image_matrix.config.variant_selectors import select_legs
    from image_matrix.planning.registry_locations import places

    call = _checked(Call(**options))
    state = state_of(open_locked(session))
    where = places(state, staging=call.staging)
    wanted = select_legs(state.loaded.variants, call.names, call.chosen_platforms)
    if not call.print_only:
        require_engine()
    there = _there(session, where, wanted, call.aim) if call.registry else {}
    hidden = _secrets(session, state.loaded)
    request = make_request(where, wanted, there, call.aim, hidden.options)
    if call.candidate:
        refuse_ancestors(request, wanted)
    if call.print_only:
        return _print(request)
    for name, platform in (leg for leg in wanted if leg not in {leg.id for leg in request.legs}):
        say(session, f"{name} {platform}: in the registry, not built")
    start = time.monotonic()
    built = _run(session, call, request, hidden.environment)
    seconds = time.monotonic() - start
    if call.candidate and len(wanted) == 1:
        _hand_on({**there, **{one.leg.id: one.image for one in built}}[wanted[0]])
    click.echo(_summary(built, seconds, push=call.push), nl=False)
    return 0


def _secrets(session: Session, loaded: Loaded) -> Secrets:
    """Return what build steps are told of this place."""
    from pathlib import Path

    from image_matrix.build.site import secrets

    logins = netrc(session, loaded)
    text = Path(logins).read_text(encoding="utf-8") if logins else ""
    return secrets(loaded.matrix.network.mirrors, ca_bundle(session, loaded), text)


def _checked(call: Call) -> Call:
    if call.push and call.load:
        raise click.UsageError("--push and --load exclude each other")
    if call.candidate and not call.push:
        raise click.UsageError("--candidate needs --push")
    return call


def _there(session: Session, where: Places, wanted: list[LegId], aim: Aim) -> Mapping[LegId, str]:
    from image_matrix.build.existing_images import reusable

    registry = registry_of(session, where.main.loaded)
    return reusable(where, wanted, aim, registry, lambda text: say(session, text))


def _print(request: Request) -> int:
    import json

    from image_matrix.build.workspace import definition

    click.echo(json.dumps(definition(request), indent=2))
    return 0


def _run(session: Session, call: Call, request: Request, environment: Mapping[str, str]) -> list[Built]:
    from image_matrix.build.bake import bake

    if not request.legs:
        return []
    arguments = (
        "--push" if call.push else "--load",
        *((f"--builder={call.builder}",) if call.builder else ()),
    )
    surroundings = {**os.environ, **environment}
    with terminable():
        return bake(
            request, arguments, surroundings, _watch(session), lambda text: say(session, text), time.sleep
        )


def _watch(session: Session) -> Watch:
    """Return how a build is watched: a terminal lists its steps, ``-v`` and everything else get the whole log.

    Where less than the log is shown, the log of a step that fails is shown at the end.
    """
    from image_matrix.build.failure import excerpt
    from image_matrix.build.process import by_line
    from image_matrix.build.progress import each_step
    from image_matrix.cli.terminal import terminal_width

    width = terminal_width(sys.stderr) if session.verbosity == 0 else None

    def show(line: str) -> None:
        say(session, line)

    def watch(command: list[str], folder: Path, environment: Mapping[str, str]) -> Ended:
        take = show if width is None else each_step(show, width)
        ended = by_line([*command, "--progress=plain"], folder, environment, take)
        if ended.code and (width is not None or session.verbosity < 0):
            click.echo(excerpt(ended.tail), err=True)
        return ended

    return watch


def _hand_on(image: str) -> None:
    """Give the steps that follow in a workflow the image by digest: tests and `accept` are about exactly this one."""
    from image_matrix.github.files import OUTPUT, append

    append(OUTPUT, f"image={image}\n")


def _summary(built: list[Built], seconds: float, *, push: bool) -> str:
    from image_matrix.build.buildx import image_bytes
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    rows = []
    for one in built:
        name = one.leg.tags[0]
        size = _pushed_bytes(one.image) if push else image_bytes(name)
        rows.append((name, f"{size / 1e6:.0f} MB" if size else "?", one.digest[:19]))
    if not rows:
        return "0 built\n"
    shown = table(("image", "size", "digest"), rows, terminal_width())
    return f"{shown}{len(rows)} built in {seconds:.0f} s\n"


def _pushed_bytes(image: str) -> int | None:
    """Return an image's size for the table: a registry that does not say it fails no build."""
    from image_matrix.build.imagetools import compressed_bytes
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.program import run_once

    try:
        return compressed_bytes(image, run_once)
    except EnvironmentFailure:
        return None
