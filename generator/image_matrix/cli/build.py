"""``build``: builds variants and the parents that they need with buildx bake, or with buildah."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.build_arguments import BuildArguments, checked
from image_matrix.cli.build_engine import PreparedBuild
from image_matrix.cli.build_output import export_output, summary
from image_matrix.cli.build_settings import open_proxy, step_secrets, with_named_secrets
from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import note, say
from image_matrix.cli.project import open_locked
from image_matrix.cli.recording import record_packages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.build.bake import Built
    from image_matrix.build.progress import StepCount
    from image_matrix.build.request import BuildRequest
    from image_matrix.cli.build_engine import BuildEngine
    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId, Matrix
    from image_matrix.planning.plan import State
    from image_matrix.planning.registry_locations import Locations
    from image_matrix.registry.client import Registry


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
    help="Rebuild although the registry has the image, without cached layers; with --push, also what stands on it.",
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
    return run_build(session, checked(BuildArguments(**options)))


def run_build(session: Session, arguments: BuildArguments) -> int:
    """Build as the command does; return its exit code."""
    from image_matrix.build.progress import StepCount
    from image_matrix.build.request import make_request, refuse_ancestors
    from image_matrix.cli.plan import state_of
    from image_matrix.config.variant_selectors import select_legs
    from image_matrix.planning.registry_locations import registry_locations

    engine = _engine(arguments)
    state = state_of(open_locked(session))
    locations = registry_locations(state, staging=arguments.staging)
    requested = select_legs(state.loaded.variants, arguments.names, arguments.chosen_platforms)
    if arguments.carries_children:
        requested = _with_children(session, state, requested)
    engine.check_place(arguments, state.loaded.matrix.release)
    registry = registry_of(session, state.loaded)
    existing, refused = _existing_images(session, locations, requested, arguments, registry)
    hidden = step_secrets(session, state.loaded)
    request = make_request(locations, requested, existing, arguments.build_options, hidden.options)
    request = replace(request, proxy=open_proxy(session, state.loaded))
    request = with_named_secrets(session, request, push=arguments.push and not arguments.print_only)
    if arguments.candidate:
        refuse_ancestors(request, requested, refused)
    engine.check_request(session, arguments, request, state.loaded)
    if arguments.print_only:
        click.echo(engine.printed(arguments, request, state.loaded))
        return 0
    _refuse_in_vain(session, state, arguments, request, registry)
    built_before = [leg for leg in requested if leg not in {leg.id for leg in request.legs}]
    for name, platform in built_before:
        say(session, f"{name} {platform}: in the registry, not built")
    if arguments.exports == "requested":
        request = replace(request, exported=frozenset(requested))
    prepared = PreparedBuild(
        session, arguments, request, hidden.environment, state.loaded, registry, StepCount()
    )
    start = time.monotonic()
    built = engine.run(prepared) if request.legs else []
    seconds = time.monotonic() - start
    if arguments.push:
        record_packages(session, state, registry, built, existing)
        if built and not arguments.candidate and _is_taken(state.loaded.matrix, arguments):
            _note_untested(session, built, arguments)
    if arguments.candidate:
        _tell_the_run(requested, existing, built, seconds, prepared.steps)
    click.echo(summary(built, seconds, engine.sizes(arguments, registry)), nl=False)
    return 0


def _is_taken(matrix: Matrix, arguments: BuildArguments) -> bool:
    """Say whether releases take what was pushed without a signature: none is asked for, or no run could check it."""
    signing = matrix.release.sign
    unsigned = signing.tool == "none" or (signing.keyless and not matrix.workflow.rendered)
    return unsigned and not arguments.staging


def _note_untested(session: Session, built: list[Built], arguments: BuildArguments) -> None:
    """Say that the tag of tested images was set without a test, and which commands are the test."""
    names: dict[str, list[str]] = {}
    for name, platform in (one.leg.id for one in built):
        names.setdefault(f"--platform {platform} " if arguments.platforms else "", []).append(name)
    calls = (f"`image-matrix verify {of}{' '.join(dict.fromkeys(some))}`" for of, some in names.items())
    note(session, f"no test ran, but children and releases take what was pushed: {' and '.join(calls)}")


def _with_children(session: Session, state: State, named: list[LegId]) -> list[LegId]:
    from image_matrix.build.ancestors import with_descendants

    requested = with_descendants(state, named)
    for name, platform in (leg for leg in requested if leg not in named):
        say(session, f"{name} {platform}: built again, too, since it stands on what is named")
    return requested


def _engine(arguments: BuildArguments) -> BuildEngine:
    if arguments.engine == "buildx":
        from image_matrix.cli.buildx import BUILDX

        return BUILDX
    from image_matrix.cli.buildah import BUILDAH

    return BUILDAH


def _refuse_in_vain(
    session: Session, state: State, arguments: BuildArguments, request: BuildRequest, registry: Registry
) -> None:
    """Raise before the first step for what the build needs of registries and does not have."""
    from image_matrix.build.base_platforms import refuse_other_platforms
    from image_matrix.build.pulled_images import pulled_images
    from image_matrix.registry.pull_right import refuse_unpullable
    from image_matrix.registry.push_right import refuse_unpushable
    from image_matrix.registry.reference import parse_reference

    if arguments.push:
        refuse_unpushable(registry, (parse_reference(leg.tags[0]).name for leg in request.legs))
    if arguments.registry:
        refuse_unpullable(registry, pulled_images(request), lambda text: note(session, text))
        refuse_other_platforms(request, state, registry)


def _tell_the_run(
    requested: list[LegId],
    existing: Mapping[LegId, str],
    built: list[Built],
    seconds: float,
    steps: StepCount,
) -> None:
    """Write what was built to the summary of a run, and the image of its one leg to later steps."""
    from image_matrix.github.files import SUMMARY, append
    from image_matrix.github.leg_summary import built_line

    append(SUMMARY, "".join(built_line(*one.leg.id, seconds, steps) for one in built))
    if len(requested) == 1:
        export_output({**existing, **{one.leg.id: one.image for one in built}}[requested[0]])


def _existing_images(
    session: Session,
    locations: Locations,
    requested: list[LegId],
    arguments: BuildArguments,
    registry: Registry,
) -> tuple[Mapping[LegId, str], Mapping[LegId, str]]:
    """Return the images that are used as they are, and those that are not believed, with the reason."""
    from image_matrix.build.existing_images import reusable

    if not arguments.registry:
        return {}, {}
    images = reusable(
        locations, requested, arguments.build_options, registry, lambda text: say(session, text)
    )
    refused = _untested(session, locations.main, requested, images, arguments) if arguments.candidate else {}
    return {leg: image for leg, image in images.items() if leg not in refused}, refused


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
