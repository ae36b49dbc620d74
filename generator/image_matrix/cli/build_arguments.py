"""What the command line of ``build`` says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from image_matrix.build.request import BuildOptions

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
    def carries_children(self) -> bool:
        """Whether what stands on the named images is built again, too; in runs, each has a leg of its own."""
        return self.force and self.push and not self.candidate

    @property
    def chosen_platforms(self) -> tuple[str, ...]:
        """The requested platforms; without --push, this machine's platform by default."""
        from image_matrix.pinned.tools import native_arch

        return self.platforms or (() if self.push else (f"linux/{native_arch()}",))


def checked(arguments: BuildArguments) -> BuildArguments:
    """Return the arguments; raises :class:`click.UsageError` if some exclude each other."""
    if arguments.push and arguments.load:
        raise click.UsageError("--push and --load exclude each other")
    if arguments.candidate and not arguments.push:
        raise click.UsageError("--candidate needs --push")
    return arguments
