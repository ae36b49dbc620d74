"""Chooses in which image to look for the changelog of an update, and notes the CVEs that it names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.lock.apt_updates import cves_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.lock.apt_updates import AptUpdate

    Updates = Mapping[str, tuple[AptUpdate, ...]]
    Changelog = tuple[str, str, str]
    """Source package of Debian, its installed version, and the new version."""

MOST = 100
"""Changelogs that are looked for: each is a package to download."""


def places_of_changelogs(updates: Updates) -> dict[Changelog, tuple[str, tuple[str, ...]]]:
    """Return for each changelog the variant to look in, the first that has the update, and its new packages there."""
    places: dict[Changelog, tuple[str, tuple[str, ...]]] = {}
    for variant, items in updates.items():
        for one in items:
            first, packages = places.setdefault(_changelog(one), (variant, ()))
            if first == variant:
                places[_changelog(one)] = (first, (*packages, f"{one.package}={one.new}"))
    return dict(list(places.items())[:MOST])


def searches(places: Mapping[Changelog, tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    """Return, by variant, what `build/in_image/apt_changelogs.sh` is to find: a line for each changelog."""
    lines: dict[str, list[str]] = {}
    for number, ((_, installed, _), (variant, packages)) in enumerate(places.items()):
        lines.setdefault(variant, []).append(f"{number} {installed} {' '.join(packages)}\n")
    return {variant: "".join(texts) for variant, texts in lines.items()}


def with_cves(
    updates: Updates,
    places: Mapping[Changelog, tuple[str, tuple[str, ...]]],
    changelogs: Mapping[str, Mapping[str, str]],
) -> dict[str, tuple[AptUpdate, ...]]:
    """Return updates with the CVEs of their changelogs: the files that each variant answered with."""
    cves = {
        changelog: cves_in(changelogs.get(variant, {}).get(str(number), ""))
        for number, (changelog, (variant, _)) in enumerate(places.items())
    }
    return {
        variant: tuple(replace(one, cves=cves.get(_changelog(one), ())) for one in items)
        for variant, items in updates.items()
    }


def _changelog(update: AptUpdate) -> Changelog:
    return update.debian_source, update.installed, update.new
