"""Checks what the ImageStreams of Open Data Hub can carry of what profiles say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import ListedChoice, Profile
    from image_matrix.diagnostics import Finding, Path, Target

_BUILT = "the list has images that are built here, at the current release"


def opendatahub(matrix: Matrix) -> Iterator[Finding]:
    """Profiles and choices that the list does not have; and a site for which no profile is left."""
    catalog = matrix.catalog
    site, profiles = catalog.site, catalog.profiles
    if site.spawner != "opendatahub" or not profiles:
        return
    for name, profile in profiles.items():
        if profile.groups:
            problem = f"the list knows no groups, so profile `{name}` is not in it"
            yield _lost(matrix, ("profiles", name, "groups"), problem)
        else:
            yield from _choices(matrix, profile)
    if all(profile.groups for profile in profiles.values()):
        fields = {"problem": "all profiles are for groups", "advice": "offer a profile to everybody"}
        yield rules.NOTHING_OFFERED.at(site.path, "key", what=f"Open Data Hub of `{site.name}`", **fields)


def _choices(matrix: Matrix, profile: Profile) -> Iterator[Finding]:
    """Images that are not built here or not released now, and those for groups."""
    base: Path = ("profiles", profile.slug, "images")
    for key, choice in profile.images.choices.items():
        if _is_elsewhere(matrix, choice):
            problem = f"{_BUILT}, so not choice `{key}`"
            yield _lost(matrix, (*base, *profile.images.place(key)), problem, "value")
        elif choice.groups:
            problem = f"the list knows no groups, so choice `{key}` is not in it"
            yield _lost(matrix, (*base, key, "groups"), problem)


def _is_elsewhere(matrix: Matrix, choice: ListedChoice) -> bool:
    return choice.name == HUB_IMAGE or choice.name in matrix.sources or choice.release == "previous"


def _lost(matrix: Matrix, path: Path, problem: str, target: Target = "key") -> Finding:
    site = matrix.catalog.site.name
    others = [name for name, item in matrix.catalogs.items() if item.site.spawner != "opendatahub"]
    advice = f"name the sites that offer it, `sites: [{', '.join(others)}]`" if others else "remove it"
    return rules.LOST_ON_OPENDATAHUB.at(path, target, site=site, problem=problem, advice=advice)
