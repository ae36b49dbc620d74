"""Checks what the ImageStreams of Open Data Hub can carry of what profiles say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding


def opendatahub(matrix: Matrix) -> Iterator[Finding]:
    """Profiles for groups, whose images no list has; and a site for which no profile is left."""
    catalog = matrix.catalog
    site, profiles = catalog.site, catalog.profiles
    if site.spawner != "opendatahub" or not profiles:
        return
    for name, profile in profiles.items():
        if profile.groups:
            yield rules.LOST_ON_OPENDATAHUB.at(
                ("profiles", name, "groups"), "key", site=site.name, profile=name
            )
    if all(profile.groups for profile in profiles.values()):
        fields = {"problem": "all profiles are for groups", "advice": "offer a profile to everybody"}
        yield rules.NOTHING_OFFERED.at(site.path, "key", what=f"Open Data Hub of `{site.name}`", **fields)
