"""Finds what the BuildKit of a cluster and the builds there reach, beside what every build does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.endpoints.model import EndpointNeed, endpoint_of
from image_matrix.endpoints.sent_on import sent_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.buildkit import Buildkit
    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Path
    from image_matrix.endpoints.sent_on import Entries


def cluster_needs(loaded: Loaded) -> Entries:
    """Yield where BuildKit of a site sends its traces, and the repositories that builds in a cluster check out."""
    for buildkit, path in buildkits(loaded):
        if buildkit.telemetry:
            where = (*path, "telemetry", "endpoint")
            yield EndpointNeed(
                endpoint_of(buildkit.telemetry.endpoint), ("build",), "traces of BuildKit", where
            )
        if buildkit.job:
            where, address = (*path, "job", "repository"), buildkit.job.repository
            yield EndpointNeed(endpoint_of(address), ("cluster",), "the repository that a Job builds", where)
            yield from sent_on(address, ("cluster",), {})


def buildkits(loaded: Loaded) -> Iterator[tuple[Buildkit, Path]]:
    """Yield the BuildKits of sites, each with its place in the matrix."""
    for name, catalog in loaded.matrix.catalogs.items():
        if catalog.site.buildkit:
            yield catalog.site.buildkit, ("sites", name, "buildkit")
