"""Reads what each site offers: its profiles and sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.at_site import at_site
from image_matrix.config.profiles import Profile, read_profile
from image_matrix.config.sites import DEFAULT_SITE, Site, read_sites
from image_matrix.config.sizes import Size, read_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that the list of one site is made of."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    """By the key in matrix.yaml, in declaration order."""
    sizes: Mapping[str, Size] = field(default_factory=dict)
    site: Site = field(default_factory=Site)
    places: Mapping[Path, Path] = field(default_factory=dict)
    """Path of what an override sets here, or of what has another position, to where the matrix says it."""


def read_catalogs(data: Mapping[str, Json]) -> dict[str, Catalog]:
    """Read what each site of a matrix of the right shape offers; a matrix without sites has one, ``hub``."""
    declared = data.get("sites") or {DEFAULT_SITE: {}}
    return {name: _catalog(data, site) for name, site in read_sites({**data, "sites": declared}).items()}


def _catalog(data: Mapping[str, Json], site: Site) -> Catalog:
    has = at_site(data, site.name)
    return Catalog(
        profiles={name: read_profile(name, item) for name, item in has.profiles.items()},
        sizes={name: read_size(name, item) for name, item in has.sizes.items()},
        site=site,
        places=has.places,
    )


def offered_sources(matrix: Matrix) -> dict[str, frozenset[str]]:
    """Return the sources that run in clusters, each with the platforms of the nodes: images of profiles and jobs."""
    offered: dict[str, frozenset[str]] = {}
    for catalog in matrix.catalogs.values():
        names = [name for profile in catalog.profiles.values() for name in profile.images.names.values()]
        job = catalog.site.buildkit.job if catalog.site.buildkit else None
        for name in (*names, *((job.image,) if job else ())):
            if name in matrix.sources:
                offered[name] = offered.get(name, frozenset()).union(catalog.site.platforms)
    return offered
