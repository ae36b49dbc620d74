"""Lists the variables that pods get beside those of their image: of profiles, and of every override."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Path

ENVIRONMENT = "environment"
"""KubeSpawner's name for variables; the whole may also be a list of Kubernetes, which nobody here reads."""


def pod_environments(matrix: Matrix) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield the literal variables of pods, each with its place."""
    for name, profile in matrix.catalog.profiles.items():
        yield ("profiles", name, "env"), profile.env
    for path, override in each_override(matrix):
        given = override.get(ENVIRONMENT)
        if isinstance(given, dict):
            yield (*path, ENVIRONMENT), {name: one for name, one in given.items() if isinstance(one, str)}


def environments_of_profile(matrix: Matrix, slug: str) -> list[tuple[Path, Mapping[str, str]]]:
    """Return the variables of one profile's pods; those of its sizes are not among them."""
    return [item for item in pod_environments(matrix) if item[0][:2] == ("profiles", slug)]
