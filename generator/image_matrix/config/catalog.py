"""Reads what each site offers: its profiles and sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.overlay_merge import merge
from image_matrix.config.profiles import Profile, read_profile
from image_matrix.config.sites import DEFAULT_SITE, Site, read_site
from image_matrix.config.sizes import Size, read_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that the list of one site is made of."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    """By the key in matrix.yaml, in declaration order."""
    sizes: Mapping[str, Size] = field(default_factory=dict)
    site: Site = field(default_factory=Site)
    declared: bool = False
    """Whether there is a ``profiles:`` section, be it empty."""


def read_catalogs(data: Mapping[str, Json]) -> dict[str, Catalog]:
    """Read what each site of a matrix of the right shape offers; a matrix without sites has one, ``hub``."""
    defaults = data.get("defaults", {})
    usual, of_sites = defaults.get("profiles", {}), defaults.get("sites", {})
    profiles = {key: read_profile(key, merge(usual, item)) for key, item in data.get("profiles", {}).items()}
    sizes = {key: read_size(key, item) for key, item in data.get("sizes", {}).items()}
    return {
        name: Catalog(profiles, sizes, read_site(name, merge(of_sites, item)), declared="profiles" in data)
        for name, item in (data.get("sites") or {DEFAULT_SITE: {}}).items()
    }
