"""Finds settings that need a later JupyterHub chart than the site may have: a mapping replaces its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles import charts, traits
from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding, Path

_UNKNOWN = "no site says which `jupyterhub` the hub has"


def joining(matrix: Matrix) -> Iterator[Finding]:
    """Shared memory and mappings in overrides, where the hub is older than they need or nobody says how old it is."""
    hub = matrix.catalog.site.declared_hub
    if hub is None:
        # one line in `sites:` answers for all of them
        yield from (
            _finding(path, _UNKNOWN, _say_it(matrix.catalog.site_name)) for path in [*_mappings(matrix)][:1]
        )
    elif not charts.joins(hub):
        advice = (
            "remove it; or update the chart, then set `jupyterhub` of the site to the version that it has"
        )
        for path in _mappings(matrix):
            yield _finding(path, f"`jupyterhub` of the site is {hub}", advice)


def _say_it(site: str) -> str:
    what = f"`jupyterhub: 5.5.0` under `sites.{site}`" if site else "`sites: {hub: {jupyterhub: 5.5.0}}`"
    return f"write {what} for the chart 4.4, 5.4.0 for the chart 4.3; with an older chart, remove this"


def _finding(path: Path, problem: str, advice: str) -> Finding:
    return rules.NEEDS_CHART.at(path, "key", problem=problem, advice=advice)


def _mappings(matrix: Matrix) -> Iterator[Path]:
    for name, size in matrix.catalog.sizes.items():
        if size.shm is not None:
            yield ("sizes", name, "shm")
    for path, override in each_override(matrix):
        for name in override.keys() & traits.CHART_LISTS:
            if isinstance(override[name], dict) and name != "tolerations":
                yield (*path, name)
