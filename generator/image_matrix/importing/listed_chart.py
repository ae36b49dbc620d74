"""Finds the version of the JupyterHub chart beside a profile list, in the HelmRelease that has both."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.charts import chart_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.config.sites import Site
    from image_matrix.json_data import Json

CHART = "jupyterhub"
_EXACT = re.compile(r"\d+(\.\d+){1,2}([-+][\w.+-]+)?")


def other_chart(file: str, documents: Sequence[Json], site: Site) -> str | None:
    """Return what is to be said if the chart of a file's HelmRelease has another major jupyterhub than a site's hub.

    Source of the fields: Flux, ``spec.chart.spec`` of HelmReleases.
    """
    for text in _charts(documents):
        listed = replace(site, declared_chart=text, declared_hub=None).hub
        if listed.partition(".")[0] != site.hub.partition(".")[0]:
            has = f"{file} has the JupyterHub chart {text}, with another major version of jupyterhub"
            than = f"than the hub of the site `{site.name}` ({site.hub})"
            return f"{has} {than}: if that is right, write {_fields(text)} under `sites.{site.name}`"
    return None


def _fields(chart: str) -> str:
    """Return what a site says of its hub; of charts that are not known, it has the versions in them."""
    if chart_of(chart) is not None:
        return f'`chart: "{chart}"`'
    return "the versions of that hub, `jupyterhub` and `kubespawner`, in place of `chart`"


def _charts(documents: Sequence[Json]) -> Iterator[str]:
    """Yield exact versions; a range says nothing about what is installed."""
    for document in documents:
        value = document
        for key in ("spec", "chart", "spec"):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, dict) and value.get("chart") == CHART:
            text = str(value.get("version"))
            if _EXACT.fullmatch(text):
                yield text
