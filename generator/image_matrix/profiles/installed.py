"""Checks that the chart of a HelmRelease supports what the profiles use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic
from image_matrix.profiles.charts import FIRST_CHART, ceiling, hub_of, mappings, version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.profiles.helmrelease import HelmRelease
    from image_matrix.profiles.labelled import ValuePath

_VERSION: ValuePath = ("spec", "chart", "spec", "version")


def chart_findings(values: Mapping[str, Any], release: HelmRelease, hub: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with a release's chart, given its composed values and the matrix's version of JupyterHub.

    A chart before 4.3 is an error if a profile has mappings. A JupyterHub that differs from the matrix is a warning.
    """
    place, end, has = release.place(_VERSION), ceiling(release.chart), hub_of(release.chart)
    used = mappings(_section(values, "singleuser").get("profileList") or ())
    if used and end and end <= (*FIRST_CHART, 0):
        fields = {"where": f"`{used[-1]}` of a profile", "problem": f"the release has {release.chart}"}
        advice = (
            "write `version: 4.4.0`, or remove shared memory and volumes from the profiles in matrix.yaml"
        )
        yield diagnostic(rules.NEEDS_CHART, place, advice=advice, **fields)
    elif has and has != version(hub)[:2] and not _section(values, "hub").get("image"):
        text = ".".join(map(str, has))
        fields = {"chart": release.chart, "has": text, "hub": hub}
        advice = f'write `jupyterhub: "{text}"` for the site in matrix.yaml, or use another chart'
        yield diagnostic(rules.CHART_CONTRADICTS, place, advice=advice, **fields)


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    return section if isinstance(section, dict) else {}
