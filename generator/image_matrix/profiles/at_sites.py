"""Runs checks of profiles and sizes on what each site has of them; what several sites have in common is said once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.at_site import declared_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from image_matrix.config.catalog import Catalog
    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding, Path

MOST_SITES = 3
"""Sites that are shown beside a finding."""


def at_every_site(matrix: Matrix, check: Callable[[Matrix], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of a check for all sites, each at the text of the matrix that it is about.

    A finding that some sites have, of those with the same spawner and the same profile or size, names them.
    """
    findings: dict[str, tuple[Finding, list[str]]] = {}
    for view in matrix.at_sites():
        places = view.catalog.places
        for item in check(view):
            finding = _declared(item, places)
            findings.setdefault(_subject(finding), (finding, []))[1].append(view.catalog.site.name)
    for finding, names in findings.values():
        differs = finding.path[:1] != ("sites",) and not _alike(matrix, names, finding.path) <= {*names}
        yield _at(finding, names) if differs else finding


def _alike(matrix: Matrix, names: Iterable[str], path: Path) -> set[str]:
    """Return the sites with the spawners of some, and with the profile or size that a path is in."""
    spawners = {matrix.catalogs[name].site.spawner for name in names}
    alike = (item for item in matrix.catalogs.items() if item[1].site.spawner in spawners)
    return {name for name, catalog in alike if _has(catalog, path)}


def _subject(finding: Finding) -> str:
    """Return what a finding is about: the same at two sites, also if one of them needs another remedy."""
    fields = sorted(item for item in finding.fields.items() if item[0] != "advice")
    return repr((finding.rule.code, finding.path, finding.target, fields))


def _declared(finding: Finding, places: Mapping[Path, Path]) -> Finding:
    related = tuple((declared_path(path, places), note) for path, note in finding.related)
    path = declared_path(finding.path, places, finding.target)
    return replace(finding, path=path, related=related)


def _has(catalog: Catalog, path: Path) -> bool:
    """Say whether a site has the profile or size that a path is in."""
    entries = {"profiles": catalog.profiles, "sizes": catalog.sizes}.get(str(path[0]))
    return entries is None or len(path) < 2 or path[1] in entries


def _at(finding: Finding, names: Iterable[str]) -> Finding:
    places = [(("sites", name), f"at the site {name}") for name in dict.fromkeys(names)]
    return finding.beside(*finding.related, *places[:MOST_SITES])
