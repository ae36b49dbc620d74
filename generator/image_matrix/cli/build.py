"""``build``: builds variants and the parents that they need with buildx bake, or with buildah."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import click

from image_matrix.cli.failures import terminable
from image_matrix.cli.printing import note, say
from image_matrix.cli.project import open_locked
from image_matrix.cli.site_files import ca_bundle, netrc, registry_of
from image_matrix.telemetry import span, trace_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from image_matrix.build.bake import Built
    from image_matrix.build.builder import BuilderChoice
    from image_matrix.build.process import Completed, Runner
    from image_matrix.build.progress import LogFormat, StepCount
    from image_matrix.build.request import BuildOptions, BuildRequest
    from image_matrix.build.site import Secrets
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import LegId
    from image_matrix.planning.plan import State
    from image_matrix.planning.registry_locations import Places
    from image_matrix.registry.client import Registry


Exports = Literal["all", "requested"]
"""Which images leave the builder: all that are built, or the requested ones without their parents."""
Engine = Literal["buildx", "buildah", "podman"]


@dataclass(frozen=True, slots=True)
class BuildArguments:
    """The arguments and options of the command."""

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
    exports: Exports = "all"
    engine: Engine = "buildx"

    @property
    def build_options(self) -> BuildOptions:
        """The options of the build request."""
        from image_matrix.build.origin import build_origin
        from image_matrix.build.request import BuildOptions

        origin = build_origin(os.environ)
        return BuildOptions(
            self.push, self.candidate, self.staging, self.cache, fresh=self.force, origin=origin
        )

    @property
    def chosen_platforms(self) -> tuple[str, ...]:
        """The requested platforms; without --push, this machine's platform by default."""
        from image_matrix.pinned.tools import native_arch

        return self.platforms or (() if self.push else (f"linux/{native_arch()}",))


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
@click.option("--push", is_flag=True, help="Push to the registry, under the immutable tag.")
@click.option(
    "--load", is_flag=True, help="Load the images into the engine's image store; the default without --push."
)
@click.option(
    "--platform",
    "platforms",
    metavar="OS/ARCH",
    multiple=True,
    help="Build for this platform only; repeatable.",
)
@click.option("--builder", metavar="NAME", help="Use this buildx builder.")
@click.option(
    "--engine",
    type=click.Choice(["buildx", "buildah", "podman"]),
    default="buildx",
    show_default=True,
    envvar="IMAGE_MATRIX_ENGINE",
    help="The program that builds; buildah and Podman need no daemon.",
)
@click.option(
    "--registry/--no-registry",
    default=True,
    help="Reuse images that exist in the registry.  [default: registry]",
)
@click.option(
    "--force",
    is_flag=True,
    envvar="IMAGE_MATRIX_FORCE",
    help="Rebuild even if the image exists in the registry, without cached layers.",
)
@click.option(
    "--print",
    "print_only",
    is_flag=True,
    help="Print the bake definition, or the commands of buildah, and do not build.",
)
@click.option(
    "--candidate",
    is_flag=True,
    help="Workflow, with --push: push under the candidate tag, which `accept` replaces by the immutable tag after "
    "the tests. The parents must exist.",
)
@click.option(
    "--staging",
    is_flag=True,
    envvar="IMAGE_MATRIX_STAGING",
    help="Workflow: push below the staging path, and look for images there too.",
)
@click.option(
    "--cache",
    type=click.Choice(["none", "read", "write"]),
    default="none",
    show_default=True,
    envvar="IMAGE_MATRIX_CACHE",
    help="Workflow, with --push: read cached layers from the registry, or also write them.",
)
@click.pass_obj
def build(session: Session, /, **options: Any) -> int:  # noqa: ANN401 - click passes what it parsed
    """Build variants and the parents that they need.

    VARIANT is IMAGE or IMAGE:LABEL, as `list` prints it; the default is all. A terminal shows the steps. A file, a pipe
    and -v get the whole log of the engine. With -q, only the log of a failed step is printed.
    """
    return run_build(session, _checked(BuildArguments(**options)))


def run_build(session: Session, arguments: BuildArguments) -> int:
    """Build as the command does; return its exit code."""
    from image_matrix.build.base_platforms import refuse_other_platforms
    from image_matrix.build.progress import StepCount
    from image_matrix.build.pulled_images import pulled_images
    from image_matrix.build.request import make_request, refuse_ancestors
    from image_matrix.cli import buildah
    from image_matrix.cli.plan import state_of
    from image_matrix.config.variant_selectors import select_legs
    from image_matrix.github.files import SUMMARY, append
    from image_matrix.github.leg_summary import built_line
    from image_matrix.planning.registry_locations import places
    from image_matrix.registry.pull_right import refuse_unpullable
    from image_matrix.registry.push_right import refuse_unpushable
    from image_matrix.registry.reference import parse_reference

    state = state_of(open_locked(session))
    locations = places(state, staging=arguments.staging)
    requested = select_legs(state.loaded.variants, arguments.names, arguments.chosen_platforms)
    uses_buildah = arguments.engine != "buildx"
    if uses_buildah:
        buildah.check_place(arguments, state.loaded.matrix.release)
    elif not arguments.print_only:
        _require_programs(push=arguments.push)
    registry = registry_of(session, state.loaded)
    existing = (
        _existing_images(session, locations, requested, arguments.build_options, registry)
        if arguments.registry
        else {}
    )
    refused = _untested(session, state, requested, existing, arguments) if arguments.candidate else {}
    existing = {leg: image for leg, image in existing.items() if leg not in refused}
    hidden = _secrets(session, state.loaded)
    request = make_request(locations, requested, existing, arguments.build_options, hidden.options)
    request = replace(request, proxy=_open_proxy(session, state.loaded))
    request = _with_named_secrets(session, request, push=arguments.push and not arguments.print_only)
    if arguments.candidate:
        refuse_ancestors(request, requested, refused)
    if uses_buildah:
        buildah.check_request(session, arguments, request, state.loaded)
    if arguments.print_only:
        text = buildah.commands(arguments, request, state.loaded) if uses_buildah else _definition(request)
        click.echo(text)
        return 0
    if arguments.push:
        refuse_unpushable(registry, (parse_reference(leg.tags[0]).name for leg in request.legs))
    if arguments.registry:
        refuse_unpullable(registry, pulled_images(request), lambda text: note(session, text))
        refuse_other_platforms(request, state, registry)
    for name, platform in (leg for leg in requested if leg not in {leg.id for leg in request.legs}):
        say(session, f"{name} {platform}: in the registry, not built")
    if arguments.exports == "requested":
        request = replace(request, exported=frozenset(requested))
    start, steps = time.monotonic(), StepCount()
    if uses_buildah:
        built = buildah.run(session, arguments, request, hidden.environment, state.loaded, steps, registry)
    else:
        choice = _chosen_builder(session, state.loaded, arguments.builder, request.proxy)
        built = _run(session, arguments, request, hidden.environment, steps, choice)
    seconds = time.monotonic() - start
    if arguments.candidate:
        append(SUMMARY, "".join(built_line(*one.leg.id, seconds, steps) for one in built))
    if arguments.candidate and len(requested) == 1:
        _export_output({**existing, **{one.leg.id: one.image for one in built}}[requested[0]])
    sizes = buildah.sizes(arguments, registry) if uses_buildah else _sizes(arguments)
    click.echo(_summary(built, seconds, sizes), nl=False)
    return 0


def _require_programs(*, push: bool) -> None:
    """Raise :class:`EnvironmentFailure` if buildx is missing; only images that are loaded need a daemon."""
    from image_matrix.build.buildx import require_buildx, require_engine

    require_buildx()
    if not push:
        require_engine()


def _secrets(session: Session, loaded: Loaded) -> Secrets:
    """Return the mirrors, certificates, trusted hosts and logins for build steps, as secrets."""
    from pathlib import Path

    from image_matrix.build.site import SiteSettings, secrets
    from image_matrix.config.proxy import proxy_variables, secret_variables, within_steps
    from image_matrix.config.trusted_hosts import trusted_in_steps

    matrix, logins, bundle = loaded.matrix, netrc(session, loaded), ca_bundle(session, loaded)
    settings = SiteSettings(
        matrix.network.mirrors,
        bundle is not None,
        Path(logins).read_text(encoding="utf-8") if logins else "",
        trusted_in_steps(matrix, loaded.variants.values()),
        secret_variables(within_steps(proxy_variables(matrix.network.proxy, os.environ))),
    )
    return secrets(settings, bundle)


def _open_proxy(session: Session, loaded: Loaded) -> Mapping[str, str]:
    """Return the proxy variables that are no secret, which every step gets as a build argument."""
    from image_matrix.config.proxy import open_variables, proxy_variables, shown, within_steps

    variables = proxy_variables(loaded.matrix.network.proxy, os.environ)
    reached = within_steps(variables)
    for name in sorted(variables.keys() - reached.keys()):
        if name.isupper():
            note(
                session,
                f"build steps cannot reach the proxy {shown(variables[name])} of {name}, and go without it",
            )
    return open_variables(reached)


def _with_named_secrets(session: Session, request: BuildRequest, *, push: bool) -> BuildRequest:
    """Return a request with the images' secrets that the environment has; an image that is pushed needs all of them."""
    from image_matrix.build.request import missing_secrets
    from image_matrix.errors import EnvironmentFailure

    named = frozenset(name for leg in request.legs for name in leg.variant.secrets if os.environ.get(name))
    missing = missing_secrets(request.legs, named)
    if missing and push:
        name, image = next(iter(missing.items()))
        raise EnvironmentFailure(
            f"the secret {name} of {image} is missing",
            f"set the environment variable {name}; in the workflow, add a secret {name} to the repository",
        )
    for name, image in missing.items():
        say(session, f"{image}: built without the secret {name}, which the environment does not have")
    return replace(request, named_secrets=named)


def _checked(arguments: BuildArguments) -> BuildArguments:
    if arguments.push and arguments.load:
        raise click.UsageError("--push and --load exclude each other")
    if arguments.candidate and not arguments.push:
        raise click.UsageError("--candidate needs --push")
    return arguments


def _existing_images(
    session: Session, locations: Places, requested: list[LegId], options: BuildOptions, registry: Registry
) -> Mapping[LegId, str]:
    from image_matrix.build.existing_images import reusable

    return reusable(locations, requested, options, registry, lambda text: say(session, text))


def _untested(
    session: Session,
    state: State,
    requested: list[LegId],
    existing: Mapping[LegId, str],
    arguments: BuildArguments,
) -> dict[LegId, str]:
    """Return the images that a run of the default branch does not use, with the reason: nobody signed them as tested.

    Asked are the requested images and what they are built from directly.
    """
    from image_matrix.build.ancestors import parents_of
    from image_matrix.cli.signatures import trust_of
    from image_matrix.publish.trust import never_tested

    trust = trust_of(session, state.loaded, staging=arguments.staging)
    if trust is None:
        return {}
    needed = {*requested, *(parent for leg in requested for parent in parents_of(state, leg))}
    reasons = never_tested(state, {leg: existing[leg] for leg in needed & existing.keys()}, trust)
    for (name, platform), reason in reasons.items():
        say(session, f"{name} {platform}: the image in the registry is not used: {reason}")
    return reasons


def _definition(request: BuildRequest) -> str:
    import json

    from image_matrix.build.workspace import definition

    return json.dumps(definition(request), indent=2)


def _run(
    session: Session,
    arguments: BuildArguments,
    request: BuildRequest,
    environment: Mapping[str, str],
    steps: StepCount,
    choice: BuilderChoice,
) -> list[Built]:
    from image_matrix.build.bake import bake
    from image_matrix.build.builder import check_builder, create_builder
    from image_matrix.build.failure import excerpt
    from image_matrix.build.progress import BUILDX_STEP, LogFormat
    from image_matrix.cli.tracing import for_buildx
    from image_matrix.temporary import temporary_folder

    if not request.legs:
        return []
    with temporary_folder() as folder, terminable():
        choice = create_builder(choice, folder, os.environ)
        check_builder(choice, os.environ, request.platforms_with_steps)
        options = (
            "--push" if arguments.push else "--load",
            *((f"--builder={choice.name}",) if choice.name else ()),
        )
        source = _vcs(session, arguments) if arguments.push else {}
        variables = {**os.environ, **environment, **source, **choice.variables, **for_buildx(os.environ)}
        runner = log_runner(session, LogFormat(BUILDX_STEP, excerpt), steps.read)
        with span("bake", images=len(request.legs)):
            variables |= trace_variables()
            return bake(request, options, variables, runner, lambda text: say(session, text), time.sleep)


def _chosen_builder(
    session: Session, loaded: Loaded, option: str | None, proxy: Mapping[str, str]
) -> BuilderChoice:
    """Return the builder, with proxy, certificates and mirrors of the matrix where buildx starts it."""
    from image_matrix.build.builder import behind_proxy, choose_builder
    from image_matrix.config.pull_logins import registry_hosts
    from image_matrix.render.buildkitd import buildkitd_toml

    network = loaded.matrix.network
    toml = buildkitd_toml(network, registry_hosts(loaded.matrix), ca_bundle(session, loaded))
    return choose_builder(option, os.environ, behind_proxy(network.builder, proxy), toml)


def _vcs(session: Session, arguments: BuildArguments) -> dict[str, str]:
    from image_matrix.build.origin import vcs_variables
    from image_matrix.git import run_git

    answer = run_git(session.root, "rev-parse", "--absolute-git-dir")
    folder = "" if answer.returncode else os.fsdecode(answer.stdout).strip()
    return vcs_variables(arguments.build_options.origin, folder)


def log_runner(session: Session, log: LogFormat, count: Callable[[str], None]) -> Runner:
    """Return the runner of a build: a terminal shows its steps; ``-v``, files and pipes get the whole log.

    If less than the log is shown, the log of a failed step is shown at the end. ``count`` takes every line.
    """
    from image_matrix.build.process import by_line
    from image_matrix.build.progress import each_step
    from image_matrix.cli.terminal import terminal_width

    width = terminal_width(sys.stderr) if session.verbosity == 0 else None

    def show(line: str) -> None:
        say(session, line)

    def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> Completed:
        show_line = show if width is None else each_step(show, width, log.step)

        def take(line: str) -> None:
            count(line)
            show_line(line)

        completed = by_line(command, folder, environment, take)
        if completed.code and (width is not None or session.verbosity < 0):
            click.echo(log.excerpt(completed.tail), err=True)
        return completed

    return run


def _export_output(image: str) -> None:
    """Export the image by digest to later steps of a workflow: tests and `accept` use exactly this image."""
    from image_matrix.github.files import OUTPUT, append

    append(OUTPUT, f"image={image}\n")


def _summary(built: list[Built], seconds: float, size_of: Callable[[Built], int | None]) -> str:
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    rows = []
    for one in built:
        size = size_of(one)
        rows.append((one.leg.tags[0], f"{size / 1e6:.0f} MB" if size else "?", one.digest[:19]))
    if not rows:
        return "0 built\n"
    shown = table(("image", "size", "digest"), rows, terminal_width())
    return f"{shown}{len(rows)} built in {seconds:.0f} s\n"


def _sizes(arguments: BuildArguments) -> Callable[[Built], int | None]:
    """Return a function from an image to its bytes: compressed in the registry, or in the engine's image store."""
    from image_matrix.build.buildx import image_bytes

    return lambda one: _pushed_bytes(one.image) if arguments.push else image_bytes(one.leg.tags[0])


def _pushed_bytes(image: str) -> int | None:
    """Return an image's size for the table, or ``None`` if the registry does not report it: the build succeeded."""
    from image_matrix.build.imagetools import compressed_bytes
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.program import run_once

    try:
        return compressed_bytes(image, run_once)
    except EnvironmentFailure:
        return None
