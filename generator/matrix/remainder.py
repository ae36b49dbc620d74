"""What can still be said of a matrix whose shape is wrong in places, so that one run reports it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.matrix.read import read_matrix
from generator.matrix.validate import references

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from generator.diagnostics import Finding, Path

CHECKS = (references.unknown_parents, references.unknown_references, references.cycles)


def findings_despite(value: Any, wrong: Sequence[Finding]) -> list[Finding]:  # noqa: ANN401 - a YAML value
    """Return what is wrong with the names in a matrix beyond ``wrong``, the findings about its shape.

    Only where these lie inside images and axes: without a section or a whole image, known names would seem unknown.
    """
    if any(len(finding.path) < 3 or finding.path[0] not in ("images", "axes") for finding in wrong):
        return []
    matrix = read_matrix(without(value, {finding.path for finding in wrong}))
    return [finding for check in CHECKS for finding in check(matrix)]


def without(value: Any, paths: Collection[Path], here: Path = ()) -> Any:  # noqa: ANN401
    """Return a copy of a value with everything at ``paths`` left out."""
    if isinstance(value, dict):
        return {
            key: without(item, paths, (*here, key))
            for key, item in value.items()
            if (*here, key) not in paths
        }
    if isinstance(value, list):
        return [
            without(item, paths, (*here, at)) for at, item in enumerate(value) if (*here, at) not in paths
        ]
    return value
