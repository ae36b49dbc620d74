"""Checks requests of what cannot be overcommitted: extended resources and huge pages.

Source: kubernetes/kubernetes, ``ValidateContainerResourceRequirements``: a request of these needs an equal limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles.pod import devices, hugepages, placements_of
from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding, Path

LIMITS, GUARANTEES = "extra_resource_limits", "extra_resource_guarantees"


def requests_without_limit(matrix: Matrix) -> Iterator[Finding]:
    """Extended resources and huge pages with a request and no limit, neither beside it nor by the sizes."""
    for path, override in each_override(matrix):
        requested, limits = override.get(GUARANTEES), override.get(LIMITS)
        names = requested if isinstance(requested, dict) else {}
        special = [name for name in names if "/" in name or name.startswith("hugepages-")]
        limited = {*(limits if isinstance(limits, dict) else ()), *_limited_by_sizes(matrix, path)}
        for name in special:
            if name not in limited:
                yield rules.REQUEST_WITHOUT_LIMIT.at((*path, GUARANTEES, name), "key", name=name)


def _limited_by_sizes(matrix: Matrix, path: Path) -> set[str]:
    """Return what every size has a limit of that the override at a path can meet."""
    every = [_limits(matrix, name) for name in _sizes(matrix, path)]
    return set[str].intersection(*every) if every else set()


def _sizes(matrix: Matrix, path: Path) -> Iterable[str]:
    """Return the names of the sizes that an override at a path can meet."""
    section, name, *below = map(str, path)
    if section == "sizes":
        return [name]
    if section != "profiles":
        return ()
    choices = matrix.catalog.profiles[name].sizes.choices
    met = [choices[below[1]]] if below[0] == "sizes" else choices.values()
    return [choice.name for choice in met]


def _limits(matrix: Matrix, name: str) -> set[str]:
    size = matrix.catalog.sizes.get(name)  # one that is not there is another finding
    given = size.override.get(LIMITS) if size else None
    return {
        *devices(size),
        *hugepages(placements_of(matrix, size)),
        *(given if isinstance(given, dict) else ()),
    }
