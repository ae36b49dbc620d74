"""Runs ``build`` with buildah or Podman in place of buildx."""

from __future__ import annotations

import os
import shlex
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from image_matrix.cli.build_engine import BuildEngine
from image_matrix.cli.build_output import log_runner
from image_matrix.cli.failures import terminable
from image_matrix.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.build.bake import Built
    from image_matrix.build.buildah_commands import BuildahPlace
    from image_matrix.build.request import BuildRequest
    from image_matrix.cli.build_arguments import BuildArguments
    from image_matrix.cli.build_engine import PreparedBuild
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.release import Release
    from image_matrix.registry.client import Registry


def _check_place(arguments: BuildArguments, release: Release) -> None:
    """Raise for options of buildx, for what the matrix asks for in vain, and for a place that cannot build."""
    from image_matrix.build.buildah_checks import refuse_unsupported, require_buildah
    from image_matrix.program import run_once

    if arguments.builder:
        raise click.UsageError("--builder names a builder of buildx: it needs --engine buildx")
    if arguments.cache != "none":
        raise click.UsageError(f"--cache needs --engine buildx: {arguments.engine} cannot read its caches")
    refuse_unsupported(arguments.engine, release, push=arguments.push)
    if not arguments.print_only:
        require_buildah(arguments.engine, run_once)


def _check_request(
    session: Session, arguments: BuildArguments, request: BuildRequest, loaded: Loaded
) -> None:
    """Raise for a Dockerfile that buildah cannot read; say which settings do not count."""
    from image_matrix.build.buildah_checks import limits, refuse_frontends

    refuse_frontends(arguments.engine, request)
    settings = [name for name in ("BUILDX_BUILDER", "BUILDKIT_HOST") if os.environ.get(name)]
    settings += ["`network.builder`"] if loaded.matrix.network.builder else []
    for note in limits(arguments.engine, request, settings) if request.legs else ():
        say(session, note)


def _commands(arguments: BuildArguments, request: BuildRequest, loaded: Loaded) -> str:
    """Return the commands of a build, one on each line."""
    from image_matrix.build.buildah_commands import image_commands

    of_images = image_commands(request, _place(arguments, loaded), push=arguments.push)
    lines = [line for one in of_images for line in (*one.pulls.values(), one.build, *one.pushes.values())]
    return "\n".join(shlex.join(line) for line in lines)


def _place(arguments: BuildArguments, loaded: Loaded) -> BuildahPlace:
    from image_matrix.build.buildah import open_files
    from image_matrix.build.buildah_commands import BuildahPlace
    from image_matrix.registry.addresses import is_unverified

    trusted = loaded.matrix.network.trusted_hosts
    return BuildahPlace(arguments.engine, lambda host: is_unverified(host, trusted), open_files())


def _run(prepared: PreparedBuild) -> list[Built]:
    """Build a request with the settings of a matrix; steps get the proxy variables of this process."""
    from image_matrix.build.buildah import build_each, stored_image
    from image_matrix.build.buildah_failure import excerpt
    from image_matrix.build.progress import BUILDAH_STEP, LogFormat

    arguments = prepared.arguments
    with terminable():
        built = build_each(
            prepared.request,
            _place(arguments, prepared.loaded),
            {**_environment(os.environ), **prepared.secrets},
            log_runner(prepared.session, LogFormat(BUILDAH_STEP, excerpt), prepared.steps.read_buildah),
            prepared.registry if arguments.push else None,
            lambda text: say(prepared.session, text),
            time.sleep,
        )
    if arguments.push:
        return built
    return [replace(one, digest=stored_image(arguments.engine, one.leg)[0]) for one in built]


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables with which buildah finds the logins that image-matrix itself uses.

    buildah fails if DOCKER_CONFIG names a folder without logins.
    """
    from image_matrix.registry.credentials import config_file

    logins = config_file(variables)
    return {
        **{name: value for name, value in variables.items() if name != "DOCKER_CONFIG"},
        **({"REGISTRY_AUTH_FILE": str(logins)} if logins.is_file() else {}),
    }


def _sizes(arguments: BuildArguments, registry: Registry) -> Callable[[Built], int | None]:
    """Return a function from an image to its bytes: compressed in the registry, or in the program's store."""
    from image_matrix.build.buildah import stored_image
    from image_matrix.registry.answers import Manifest

    def size_of(one: Built) -> int | None:
        if not arguments.push:
            return stored_image(arguments.engine, one.leg)[1]
        manifest = registry.manifest(one.image)
        return sum(layer.size for layer in manifest.layers) if isinstance(manifest, Manifest) else None

    return size_of


BUILDAH = BuildEngine(_check_place, _check_request, _commands, _run, _sizes)
