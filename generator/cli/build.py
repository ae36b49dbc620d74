"""``build``: buildx bake of some variants and the parents that they need."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.session import Project, Session, ca_bundle, open_project, say
from generator.engine.workspace import Aim, attestations, caching

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.engine.buildx import Built
    from generator.engine.workspace import Request
    from generator.matrix.model import Platform
    from generator.plan import State

SITE_VARIABLE = "IMAGE_MATRIX_SITE"


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option("--push", is_flag=True, help="Push what is built to the registry, under its immutable tag.")
@click.option(
    "--load", is_flag=True, help="Put it into the engine's image store (the default without --push)."
)
@click.option(
    "--platform", "platforms", metavar="OS/ARCH", multiple=True, help="Only for this platform; repeatable."
)
@click.option("--builder", metavar="NAME", help="Use this buildx builder.")
@click.option(
    "--registry/--no-registry", default=True, help="Use what the registry has already.  [default: registry]"
)
@click.option(
    "--candidate",
    is_flag=True,
    help="With --push: push under the candidate tag, which `accept` makes the immutable one; parents must be there.",
)
@click.option(
    "--staging", is_flag=True, envvar="IMAGE_MATRIX_STAGING", help="Push to the staging path, look there too."
)
@click.option(
    "--cache",
    type=click.Choice(["none", "read", "write"]),
    default="none",
    show_default=True,
    envvar="IMAGE_MATRIX_CACHE",
    help="With --push: layers from and to the registry.",
)
@click.option(
    "--force",
    is_flag=True,
    envvar="IMAGE_MATRIX_FORCE",
    help="Build anew although it is there, without layers of before.",
)
@click.option("--print", "print_only", is_flag=True, help="Print the bake definition and build nothing.")
@click.pass_obj
def build(
    session: Session,
    names: tuple[str, ...],
    push: bool,
    load: bool,
    platforms: tuple[str, ...],
    builder: str | None,
    registry: bool,
    candidate: bool,
    staging: bool,
    cache: str,
    force: bool,
    print_only: bool,
) -> int:
    """Build variants and the parents that they need.

    VARIANT is IMAGE or IMAGE:LABEL, as in `list`; all by default.
    """
    from generator.cli.plan import state_of
    from generator.engine.buildx import require_engine
    from generator.places import staged

    if push and load:
        raise click.UsageError("--push and --load exclude each other")
    if candidate and not push:
        raise click.UsageError("--candidate needs --push")
    project = open_project(session)
    state = state_of(project)
    places = (state, staged(state)) if staging else (state,)
    wanted = _wanted(state, names, platforms or (() if push else (_native(),)))
    if not print_only:
        require_engine()
    there = _there(session, places, wanted) if registry else {}
    there = {leg: where for leg, where in there.items() if not (force and leg in wanted)}
    if candidate and not staging and not force:
        there = {**there, **_promoted(session, state, [leg for leg in wanted if leg not in there])}
    aim = Aim(push=push, candidate=candidate, cache=_cache(cache, push=push, staging=staging), fresh=force)
    request = _request(session, project, places, wanted, there, aim)
    if candidate:
        _refuse_blocked(request, wanted)
    if print_only:
        return _print(request)
    for identifier in (
        leg for leg in wanted if leg in there and (push or leg not in {item.id for item in request.legs})
    ):
        say(session, f"{identifier[0]} {identifier[1]}: in the registry, not built")
    built = _run(session, project, request, push=push, builder=builder) if request.legs else []
    if candidate:
        _tell_next_steps(wanted, there, request, built)
    click.echo(_summary(request, built, push=push), nl=False)
    return 0


def _promoted(
    session: Session, state: State, missing: list[tuple[str, Platform]]
) -> dict[tuple[str, Platform], str]:
    """Return what is taken over from pull requests; nothing, unless the matrix says so."""
    from generator.promote import promote
    from generator.registry.client import open_registry

    if not missing or not state.loaded.matrix.build.promote_from_pull_requests:
        return {}
    registry = open_registry(state.loaded.matrix, ca_bundle(session, state.loaded))
    return promote(state, missing, registry, os.environ, lambda text: say(session, text))


def _cache(cache: str, *, push: bool, staging: bool) -> str:
    """Return how the registry's cache is used: what is staged never writes what the default branch reads."""
    if not push:
        return "none"
    return "read" if staging and cache == "write" else cache


def _native() -> str:
    """Return the platform of this machine, which is what an image store can run."""
    import platform

    return "linux/arm64" if platform.machine() in ("arm64", "aarch64") else "linux/amd64"


def _wanted(state: State, names: tuple[str, ...], platforms: tuple[str, ...]) -> list[tuple[str, Platform]]:
    """Return what was asked for, as variants on platforms.

    Raises :class:`CallError` for a name that is not there or not built for the platform.
    """
    from generator.errors import CallError
    from generator.selection import select

    variants = state.loaded.variants
    wanted = []
    for name in select(variants, names):
        built_for = variants[name].platforms
        chosen = [platform for platform in built_for if not platforms or platform in platforms]
        if not chosen and names:
            raise CallError(
                f"{name} is not built for {', '.join(platforms)}", f"it is built for {', '.join(built_for)}"
            )
        wanted += [(name, platform) for platform in chosen]
    return wanted


def _there(
    session: Session, places: tuple[State, ...], wanted: list[tuple[str, Platform]]
) -> dict[tuple[str, Platform], str]:
    """Return, of what is wanted and its ancestors, what the registry has: reference with digest."""
    from generator.errors import EnvironmentFailure
    from generator.places import found
    from generator.plan import with_ancestors
    from generator.registry.client import open_registry

    state = places[0]
    registry = open_registry(state.loaded.matrix, ca_bundle(session, state.loaded))
    try:
        return found(places, with_ancestors(state, wanted), registry, lambda text: say(session, text))
    except EnvironmentFailure as failure:
        say(session, f"{failure.message}; building everything that is needed")
        return {}


def _request(
    session: Session,
    project: Project,
    places: tuple[State, ...],
    wanted: list[tuple[str, Platform]],
    there: Mapping[tuple[str, Platform], str],
    aim: Aim,
) -> Request:
    from generator.engine.site import contexts
    from generator.engine.workspace import Leg, Request
    from generator.plan import to_build

    # only what is pushed is staged; on this machine an image has the name that `verify` and people look for
    state = places[-1] if aim.push else places[0]
    matrix, variants = state.loaded.matrix, state.loaded.variants
    legs = tuple(
        Leg(
            variants[name],
            platform,
            _tags(state, name, platform, aim),
            {
                **caching(places[0], name, platform, aim.cache),
                **({"no-cache": True} if aim.fresh and (name, platform) in wanted else {}),
            },
        )
        for name, platform in to_build(state, wanted, there, rebuild=not aim.push)
    )
    sources = (project.pins.pinned(matrix.sources[leg.variant.source]) for leg in legs if leg.variant.source)
    return Request(
        legs=legs,
        rendered=state.rendered,
        parents=there,
        sources=contexts(sources, matrix.mirrors),
        secrets=_secrets(session, project),
        builtin_frontend=matrix.mirrors.frontend == "builtin",
        options=attestations(matrix) if aim.push else {},
    )


def _tags(state: State, name: str, platform: Platform, aim: Aim) -> tuple[str, ...]:
    """Push the immutable tag alone; on this machine the short one is at hand for `docker run`."""
    from generator.places import CANDIDATE
    from generator.plan import reference

    immutable = reference(state, state.loaded.variants[name], platform)
    if aim.candidate:
        return (f"{immutable}{CANDIDATE}",)
    return (immutable,) if aim.push else (f"{state.loaded.matrix.registry}/{name}", immutable)


def _tell_next_steps(
    wanted: list[tuple[str, Platform]],
    there: Mapping[tuple[str, Platform], str],
    request: Request,
    built: list[Built],
) -> None:
    """Give the steps that follow in a workflow the image by digest: tests and `accept` are about exactly this one."""
    from generator.ci.files import OUTPUT, append

    made = {
        leg.id: f"{leg.tags[0].rpartition(':')[0]}@{result.digest}"
        for leg, result in zip(request.legs, built, strict=True)
    }
    if len(wanted) == 1:
        append(OUTPUT, f"image={made.get(wanted[0]) or there[wanted[0]]}\n")


def _refuse_blocked(request: Request, wanted: list[tuple[str, Platform]]) -> None:
    """Raise :class:`Blocked` where a parent would have to be built first: that is its own job's work."""
    from generator.errors import Blocked

    missing = [leg.id for leg in request.legs if leg.id not in wanted]
    if missing:
        name, platform = missing[-1]
        raise Blocked(
            f"blocked: the parent {name} is not in the registry for {platform}",
            "its own job did not finish: see why there; this one will go on in the next run",
        )


def _print(request: Request) -> int:
    import json

    from generator.engine.workspace import definition

    click.echo(json.dumps(definition(request), indent=2))
    return 0


def _run(
    session: Session, project: Project, request: Request, *, push: bool, builder: str | None
) -> list[Built]:
    import tempfile

    from generator.engine.buildx import bake
    from generator.engine.workspace import BAKE_FILE, write_workspace

    arguments = ("--push" if push else "--load", *((f"--builder={builder}",) if builder else ()))
    with tempfile.TemporaryDirectory(prefix="image-matrix-") as folder:
        targets = write_workspace(Path(folder), request)
        environment = {**os.environ, SITE_VARIABLE: _site(project)}
        return bake(Path(folder), BAKE_FILE, targets, arguments, environment, lambda line: say(session, line))


def _site(project: Project) -> str:
    from generator.engine.site import script

    matrix = project.loaded.matrix
    return script(matrix.mirrors, ca_bundle=matrix.ca_bundle is not None)


def _secrets(session: Session, project: Project) -> tuple[str, ...]:
    bundle = ca_bundle(session, project.loaded)
    return (
        *((f"id=site,env={SITE_VARIABLE}",) if _site(project) else ()),
        *((f"id=ca-bundle,src={bundle}",) if bundle else ()),
    )


def _summary(request: Request, built: list[Built], *, push: bool) -> str:
    from generator.cli.table import table
    from generator.engine.buildx import image_bytes, pushed_bytes

    rows = []
    for leg, result in zip(request.legs, built, strict=True):
        name = leg.tags[0]
        size = pushed_bytes(f"{name.rpartition(':')[0]}@{result.digest}") if push else image_bytes(name)
        shown = f"{size / 1e6:.0f} MB" if size else "?"
        rows.append((name, f"{result.seconds:.1f}", shown, result.digest[:19]))
    count = f"{len(rows)} built\n"
    return table(("image", "seconds", "size", "digest"), rows) + count if rows else count
