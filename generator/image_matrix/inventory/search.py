"""Finds packages by what users type: any spelling of a name, a pattern, a name with the versions that are asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from image_matrix.config.package_names import folded
from image_matrix.errors import CallError
from image_matrix.inventory.debian_versions import debian_bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from packaging.specifiers import SpecifierSet

    from image_matrix.inventory.debian_versions import DebianBound
    from image_matrix.inventory.model import Content, PackageName

_BOUNDS = re.compile(r"\s*(?=[<>=!~])")
"""Where the versions of a query begin; patterns of a name have none of these characters."""
_NPM_VERSION = re.compile(r"(?<=.)@(?=[0-9])")
"""Before the version of ``yarn@1.22``; the `@` of a scope is the first character."""
_STRICT = re.compile(r"(?<![<>=!~])([<>])\1(?!=)")
"""Debian's signs for before and behind, which are Python's doubled."""
NEAR = 3
"""The maximum number of names that are suggested."""


@dataclass(frozen=True, slots=True)
class Query:
    """A package that is looked for."""

    text: str
    """What was typed."""
    name: str
    """The name or pattern, as :func:`folded` writes it."""
    versions: SpecifierSet | None = None
    """The versions that are asked for, by Python's rules; ``None`` for all, or if they have not this form."""
    debian_versions: tuple[DebianBound, ...] | None = None
    """The same by Debian's rules, for packages of the distribution."""


def query_of(text: str) -> Query:
    """Read ``numpy``, ``Scikit_Learn``, ``torch*`` or ``urllib3<2.5``; raises :class:`CallError` for bad versions."""
    name, *bounds = _BOUNDS.split(_NPM_VERSION.sub("==", text.strip(), count=1), maxsplit=1)
    if not name:
        raise CallError(f"`{text}` has no name of a package", "write a name, or a pattern such as `torch*`")
    if not bounds:
        return Query(text, folded(name))
    python = _specifiers(_STRICT.sub(r"\1", re.sub(r"^=(?!=)", "==", bounds[0])))
    debian = debian_bounds(bounds[0])
    if python is None and debian is None:
        advice = f"write one such as `{name}<2` or `{name}==1.4.*`, in quotes for the shell"
        raise CallError(f"`{text}`: `{bounds[0]}` are no versions", advice)
    return Query(text, folded(name), python, debian)


def _specifiers(text: str) -> SpecifierSet | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text, prereleases=True)
    except InvalidSpecifier:
        return None


def matches(query: Query, package: PackageName, content: Content) -> bool:
    """Say whether a package of an image is one that is looked for; on one of its platforms is enough."""
    if not fnmatchcase(folded(package.name), query.name):
        return False
    if query.versions is None and query.debian_versions is None:
        return True
    return any(_is_asked_for(query, package.manager, one) for one in content.versions.values())


def matches_any(queries: Sequence[Query], package: PackageName, content: Content) -> bool:
    """Say whether a package is one of those that are looked for; without queries, each one is."""
    return not queries or any(matches(query, package, content) for query in queries)


def _is_asked_for(query: Query, manager: str, version: str) -> bool:
    if manager == "apt" and version and query.debian_versions is not None:
        return all(bound.admits_upstream(version) for bound in query.debian_versions)
    return query.versions is not None and _has(query.versions, version)


def _has(versions: SpecifierSet, version: str) -> bool:
    """Say whether a version is among those; one that Python cannot compare is not."""
    from packaging.version import Version

    try:
        return versions.contains(Version(version))
    except ValueError:  # no version, or a number of more digits than Python reads
        return False


def near_names(query: Query, names: Iterable[str]) -> list[str]:
    """Return the known names that are most like one that no image has: with it as a part, or spelled like it."""
    by_folded = {folded(name): name for name in names}
    plain = query.name.strip("*")
    parts = [name for name in by_folded if plain and plain in name]
    close = get_close_matches(plain, by_folded, n=NEAR, cutoff=0.75)
    ranked = sorted({*parts, *close}, key=lambda name: (-SequenceMatcher(None, plain, name).ratio(), name))
    return [by_folded[name] for name in ranked[:NEAR]]


def versions_of(query: Query, every: Iterable[tuple[PackageName, Content]]) -> Collection[str]:
    """Return the versions in images of a package that is there in none of the versions that are asked for."""
    unbounded = Query(query.text, query.name)
    return sorted({content.version for package, content in every if matches(unbounded, package, content)})
