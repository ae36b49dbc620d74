"""Chooses the site that a command is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix
    from image_matrix.config.sites import Spawner

site_option = click.option(
    "--site", "name", metavar="NAME", help="The site, where the matrix has several."
)  # fmt: skip


def seen_from(matrix: Matrix, name: str | None, spawner: Spawner | None = None) -> Matrix:
    """Return the matrix as seen from one of its sites with a spawner; without a name, from the only one.

    Raises :class:`CallError` if there are several, or none with this name.
    """
    from image_matrix.diagnostics import did_you_mean
    from image_matrix.errors import CallError
    from image_matrix.text import listed

    sites = {one.site.name: one.site for one in matrix.catalogs.values()}
    names = [one.name for one in sites.values() if spawner in (None, one.spawner)]
    if name is None and len(names) == 1:
        return replace(matrix, seen_from=names[0])
    if name is None:
        problem = "the matrix has several sites" if names else f"no site has the spawner {spawner}"
        known = listed(names or sites, 8)
        raise CallError(problem, f"add `--site NAME`: {known}" if names else f"its sites are {known}")
    if name not in sites:
        raise CallError(f"unknown site `{name}`", did_you_mean(name, names or sites))
    if name not in names:
        raise CallError(f"the spawner of the site `{name}` is not {spawner}", did_you_mean(name, names))
    return replace(matrix, seen_from=name)
