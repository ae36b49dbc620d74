"""The chart that a HelmRelease installs, against what the profiles need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic
from image_matrix.profiles.charts import FIRST_CHART, ceiling, hub_of, mappings, version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.profiles.helmrelease import Release
    from image_matrix.profiles.labelled import Path

_VERSION: Path = ("spec", "chart", "spec", "version")


def chart_findings(values: Mapping[str, Any], release: Release, hub: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with a release's chart for its composed values and the version of JupyterHub in the matrix.

    A chart before 4.3 is an error where a profile has mappings, another JupyterHub than the matrix counts on a warning.
    """
    place, end, has = release.place(_VERSION), ceiling(release.chart), hub_of(release.chart)
    used = mappings(_section(values, "singleuser").get("profileList") or ())
    if used and end and end <= (*FIRST_CHART, 0):
        fields = {"where": f"`{used[-1]}` of a profile", "problem": f"the release has {release.chart}"}
        advice = (
            "write `version: 4.4.0`, or take shared memory and volumes out of the profiles in matrix.yaml"
        )
        yield diagnostic(rules.NEEDS_CHART, place, advice=advice, **fields)
    elif has and has != version(hub)[:2] and not _section(values, "hub").get("image"):
        text = ".".join(map(str, has))
        fields = {"chart": release.chart, "has": text, "hub": hub}
        advice = f'write `jupyterhub: "{text}"` for the site in matrix.yaml, or take another chart'
        yield diagnostic(rules.CHART_CONTRADICTS, place, advice=advice, **fields)


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    return section if isinstance(section, dict) else {}
