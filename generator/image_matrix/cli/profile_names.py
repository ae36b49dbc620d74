"""Reads what a profile list meets in a matrix: the sizes, profiles and sites that it has, and the site of the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.matrix_edit import OpenMatrix
    from image_matrix.cli.session import Session
    from image_matrix.config.sites import Site
    from image_matrix.importing.profile_list import TakenNames

SPAWNER = "jupyterhub"
"""What has lists that are imported."""


@dataclass(frozen=True, slots=True)
class ProfileNames:
    """What a list of profiles meets in a matrix."""

    taken: TakenNames
    sites: Mapping[str, Site]
    """Those that the matrix itself declares, with what overlays say of them."""
    of_overlays: tuple[str, ...]
    """Sites that only overlays declare: the matrix cannot name them."""


def names_of_profiles(session: Session, matrix: OpenMatrix) -> ProfileNames:
    """Return the sizes, profiles and sites that a matrix has; raises :class:`MatrixError` for one of another shape."""
    from image_matrix.config.sites import read_sites
    from image_matrix.importing.profile_list import TakenNames
    from image_matrix.project.content_cache import content_cache
    from image_matrix.project.inputs import inputs_with
    from image_matrix.project.load import load_shaped

    inputs = inputs_with(matrix.text, session.root, session.matrix, session.overlays)
    documents = load_shaped(inputs, content_cache())
    declared, sites = documents.base, read_sites(documents.value)
    in_matrix = declared.get("sites") or {}
    return ProfileNames(
        TakenNames(declared.get("sizes") or {}, declared.get("profiles") or {}),
        {name: site for name, site in sites.items() if name in in_matrix},
        tuple(name for name in sites if name not in in_matrix),
    )


def site_of_list(session: Session, names: ProfileNames, site: str | None) -> Site:
    """Return the site of a name, or the first with a hub; raises :class:`CallError` for a name of none with a hub."""
    from image_matrix.config.sites import Site
    from image_matrix.diagnostics import did_you_mean
    from image_matrix.errors import CallError

    sites = names.sites
    if site is not None and site in names.of_overlays:
        problem = f"only an overlay declares the site `{site}`, and {session.matrix} gets its profiles"
        raise CallError(problem, f"declare it there, too: {_declaration(site)}")
    if site is not None and site not in sites:
        advice = did_you_mean(site, sites) if sites else f"declare it: {_declaration(site)}"
        raise CallError(f"{session.matrix} has no site `{site}`", advice)
    hubs = [one for one in sites.values() if one.spawner == SPAWNER]
    if site is not None and sites[site] not in hubs:
        problem = (
            f"a profile list is that of a hub, and the spawner of the site `{site}` is {sites[site].spawner}"
        )
        named = f"name one with a hub: {listed([one.name for one in hubs], 5)}"
        raise CallError(
            problem, named if hubs else f"declare one with a hub, and name it: {_declaration('hub')}"
        )
    if site is not None:
        return sites[site]
    return next(iter([*hubs, *sites.values()]), Site())


def _declaration(site: str) -> str:
    from image_matrix.config.charts import default_chart

    return f'`sites: {{{site}: {{chart: "{default_chart().version}"}}}}`'
