"""What ``build`` asks of a program that builds; buildx, and buildah or Podman have one each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.build.bake import Built
    from image_matrix.build.progress import StepCount
    from image_matrix.build.request import BuildRequest
    from image_matrix.cli.build_arguments import BuildArguments
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.release import Release
    from image_matrix.registry.client import Registry


@dataclass(frozen=True, slots=True)
class PreparedBuild:
    """A build that is about to begin."""

    session: Session
    arguments: BuildArguments
    request: BuildRequest
    secrets: Mapping[str, str]
    """Variables with the secrets of steps."""
    loaded: Loaded
    registry: Registry
    steps: StepCount
    """Counts steps while the build runs."""


@dataclass(frozen=True, slots=True)
class BuildEngine:
    """A program that builds."""

    check_place: Callable[[BuildArguments, Release], None]
    """Raises for options and settings that it does not have, and for a place where it cannot build."""
    check_request: Callable[[Session, BuildArguments, BuildRequest, Loaded], None]
    """Raises for what it cannot build; says which settings do not count."""
    printed: Callable[[BuildArguments, BuildRequest, Loaded], str]
    """Returns what ``--print`` shows."""
    run: Callable[[PreparedBuild], list[Built]]
    sizes: Callable[[BuildArguments, Registry], Callable[[Built], int | None]]
    """Returns a function from an image to its bytes; compressed if it was pushed."""
