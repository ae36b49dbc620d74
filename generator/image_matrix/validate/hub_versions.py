"""Finds the version of jupyterhub that an image has, and the sites whose hubs it fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.package_versions import READERS, exclude
from image_matrix.config.variants import by_image
from image_matrix.profiles.offer import offered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.catalog import Catalog
    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.config.profiles import Profile

HUB = "jupyterhub"
_NAMES: Mapping[Manager, re.Pattern[str]] = {
    "pip": re.compile(r"^jupyterhub(?![\w.-])", re.IGNORECASE),
    "conda": re.compile(r"^(\S+::)?jupyterhub(-singleuser)?(?![\w.-])", re.IGNORECASE),
}
"""An entry for the package with the command `jupyterhub-singleuser`; conda-forge also has it alone."""


def provided_hub(variants: Mapping[str, Variant], item: Variant) -> str | None:
    """Return the version of jupyterhub that the nearest image of a chain, or its source, states."""
    return next((one.provides[HUB] for one in lineage(variants, item) if HUB in one.provides), None)


def hub_entry(variants: Mapping[str, Variant], item: Variant) -> tuple[Manager, str] | None:
    """Return the entry for jupyterhub in a variant or the nearest ancestor that has one, with its list.

    What an image states with ``provides`` counts like an entry of `pip`.
    """
    for variant in lineage(variants, item):
        if HUB in variant.provides:
            return stated_entry(variant.provides[HUB])
        for manager in READERS:
            for entry in variant.packages.get(manager, ()):
                if _NAMES[manager].match(entry):
                    return manager, entry
    return None


def stated_entry(version: str) -> tuple[Manager, str]:
    """Return the entry that is the same as a version in ``provides``, with its list."""
    return "pip", f"{HUB}=={version}.*"


def other_major(manager: Manager, entry: str, hub: str) -> str | None:
    """Return the versions that an entry allows, if none of them has the hub's major number."""
    allowed = READERS[manager](entry)
    series = READERS["pip"](f"jupyterhub=={hub.partition('.')[0]}.*")
    if allowed is None or series is None or not exclude(allowed, series):
        return None
    return allowed.pin or str(allowed.versions)


def elsewhere(matrix: Matrix, variants: Mapping[str, Variant], slug: str) -> str:
    """Return the end of a remedy: the sites that can start every image of a profile.

    It is empty if no hub can, or if a site would have no profile then.
    """
    offering = [one for one in matrix.catalogs.values() if slug in one.profiles]
    kept = [one.site for one in offering if _can_start(matrix, variants, one, slug)]
    left = [one for one in offering if one.site not in kept]
    has_hub = any(site.spawner == HUB for site in kept)
    if not has_hub or not all(_has_another(matrix, variants, one, slug) for one in left):
        return ""
    return f"; or offer it only where it can start, with `sites: [{', '.join(site.name for site in kept)}]`"


def _has_another(matrix: Matrix, variants: Mapping[str, Variant], catalog: Catalog, slug: str) -> bool:
    """Say whether a site keeps something without a profile; what it cannot start may be taken from it, too."""
    others = (name for name in catalog.profiles if name != slug)
    return bool(catalog.site.buildkit) or any(_can_start(matrix, variants, catalog, name) for name in others)


def _can_start(matrix: Matrix, variants: Mapping[str, Variant], catalog: Catalog, slug: str) -> bool:
    """Say whether a site starts every image of a profile: spawners without a hub start the image's own command."""
    return catalog.site.spawner != HUB or not any(
        other_major(*entry, catalog.site.hub) for entry in _entries(matrix, variants, catalog.profiles[slug])
    )


def _entries(
    matrix: Matrix, variants: Mapping[str, Variant], profile: Profile
) -> Iterator[tuple[Manager, str]]:
    """Yield the entries for jupyterhub in the sources and variants that a profile offers."""
    grouped = by_image(variants.values())
    for name in profile.images.names.values():
        if version := matrix.provided.get(name, {}).get(HUB):
            yield stated_entry(version)
        for item in offered(profile, grouped.get(name, ())):
            if entry := hub_entry(variants, item):
                yield entry
