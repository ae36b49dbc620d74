"""Runs ``build`` with buildx."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from image_matrix.cli.build_engine import BuildEngine
from image_matrix.cli.build_output import log_runner
from image_matrix.cli.failures import terminable
from image_matrix.cli.network_files import ca_bundle
from image_matrix.cli.printing import say
from image_matrix.telemetry import span, trace_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from image_matrix.build.bake import Built
    from image_matrix.build.builder import BuilderChoice
    from image_matrix.build.request import BuildRequest
    from image_matrix.cli.build_arguments import BuildArguments
    from image_matrix.cli.build_engine import PreparedBuild
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.platforms import Platform
    from image_matrix.config.release import Release
    from image_matrix.registry.client import Registry


def _check_place(arguments: BuildArguments, _: Release) -> None:
    """Raise :class:`EnvironmentFailure` if buildx is missing; only images that are loaded need a daemon."""
    from image_matrix.build.buildx import require_buildx, require_engine

    if arguments.print_only:
        return
    require_buildx()
    if not arguments.push:
        require_engine()


def _check_request(_: Session, __: BuildArguments, ___: BuildRequest, ____: Loaded) -> None:
    """Do nothing: buildx builds whatever a matrix can ask for."""


def _definition(_: BuildArguments, request: BuildRequest, __: Loaded) -> str:
    import json

    from image_matrix.build.workspace import definition

    return json.dumps(definition(request), indent=2)


def _run(prepared: PreparedBuild) -> list[Built]:
    from image_matrix.build.bake import bake
    from image_matrix.build.failure import excerpt
    from image_matrix.build.progress import BUILDX_STEP, LogFormat
    from image_matrix.cli.tracing import for_buildx

    session, arguments, request = prepared.session, prepared.arguments, prepared.request
    with opened_builder(
        session, prepared.loaded, request.proxy, request.platforms_with_steps, arguments.builder
    ) as choice:
        options = (*_exporting(arguments, request), *choice.options)
        link = _repository_link(session, arguments) if arguments.push else ""
        variables = {**os.environ, **prepared.secrets, **choice.variables, **for_buildx(os.environ)}
        runner = log_runner(session, LogFormat(BUILDX_STEP, excerpt), prepared.steps.read)
        with span("bake", images=len(request.legs)):
            variables |= trace_variables()
            return bake(
                request, options, variables, runner, lambda text: say(session, text), time.sleep, link
            )


def _exporting(arguments: BuildArguments, request: BuildRequest) -> tuple[str, ...]:
    """Return the option that takes images out of the builder.

    There is none where targets have an output: buildx 0.13 replaces that for `--push`
    (github.com/docker/buildx, issue 2325).
    """
    if request.output:
        return ()
    return ("--push",) if arguments.push else ("--load",)


@contextmanager
def opened_builder(
    session: Session,
    loaded: Loaded,
    proxy: Mapping[str, str],
    platforms: Collection[Platform],
    name: str | None = None,
) -> Iterator[BuilderChoice]:
    """Yield the builder of builds: made and asked, until the end of the ``with``. ``name`` is that of the option.

    A BuildKit that buildx starts has proxy, certificates and mirrors of the matrix. Raises
    :class:`EnvironmentFailure` if it does not answer, and :class:`Failure` if it lacks one of the platforms.
    """
    from image_matrix.build.builder import behind_proxy, check_builder, choose_builder, create_builder
    from image_matrix.config.pull_logins import registry_hosts
    from image_matrix.render.buildkitd import buildkitd_toml
    from image_matrix.temporary import temporary_folder

    matrix = loaded.matrix
    toml = buildkitd_toml(matrix.network, registry_hosts(matrix), ca_bundle(session, loaded))
    settings = behind_proxy(matrix.network.builder, proxy)
    choice = choose_builder(name, os.environ, settings, toml)
    with temporary_folder() as folder, terminable():
        choice = create_builder(choice, folder, os.environ)
        check_builder(choice, os.environ, platforms)
        yield choice


def _repository_link(session: Session, arguments: BuildArguments) -> str:
    from image_matrix.build.origin import repository_link
    from image_matrix.git import run_git

    answer = run_git(session.root, "rev-parse", "--absolute-git-dir")
    folder = "" if answer.returncode else os.fsdecode(answer.stdout).strip()
    return repository_link(arguments.build_options.origin, folder)


def _sizes(arguments: BuildArguments, _: Registry) -> Callable[[Built], int | None]:
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


BUILDX = BuildEngine(_check_place, _check_request, _definition, _run, _sizes)
