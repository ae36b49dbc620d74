"""Checks images on somebody else's: what cannot be installed there, and kinds that need another start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.layer_order import NO_KIND
from image_matrix.config.lineage import lineage
from image_matrix.config.locales import BUILT_IN
from image_matrix.config.model import Kind
from image_matrix.config.package_names import package_name
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.distributions import distribution_of, is_bare, without_apt
from image_matrix.lock.snapshots import snapshot_sources
from image_matrix.validate.findings import bad_value, unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

_SNAPSHOT = ("defaults", "images", "apt", "snapshot")
_NEWER = "Debian 13, Ubuntu 24.04 and later have an apt (2.7.14) that does"
PIP = "python3-pip"
"""Debian's package of pip, which brings Python."""


def without_snapshots(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Yield the sources that have no archives of one day, for which the matrix asks.

    A source that it names may have any name of a reference: the build looks at the version of its apt.
    """
    listed = matrix.apt_snapshot if isinstance(matrix.apt_snapshot, tuple) else ()
    for at, name in enumerate(listed):
        if name not in matrix.sources:
            yield unknown((*_SNAPSHOT, at), "source", name, matrix.sources)
        elif without_apt(matrix.sources[name]) or _has_snapshots(matrix, name) is False:
            problem = f"the apt of the source `{name}` knows no snapshots"
            what = f"`{name}` from the list" if len(listed) > 1 else "`snapshot`"
            advice = f"remove {what}; {_NEWER}"
            yield bad_value((*_SNAPSHOT, at), problem, advice).beside((("sources", name), "the source"))
    if matrix.apt_snapshot is True:
        yield from _snapshots_of_all(matrix, snapshot_sources(matrix, expanded))


def _snapshots_of_all(matrix: Matrix, used: Collection[str]) -> Iterator[Finding]:
    known = [name for name in used if not without_apt(matrix.sources[name])]
    lacking = [name for name in known if not _has_snapshots(matrix, name)]
    if not lacking:
        return
    others = ", ".join(name for name in known if name not in lacking)
    advice = f"write `snapshot: [{others}]`" if others else "remove `snapshot`"
    finding = bad_value(_SNAPSHOT, "not every source has an apt that knows snapshots", f"{advice}; {_NEWER}")
    notes = {
        False: "its apt is too old",
        None: "nothing says which distribution it is: name it in the list if it has snapshots",
    }
    yield finding.beside(*((("sources", name), notes[_has_snapshots(matrix, name)]) for name in lacking))


def _has_snapshots(matrix: Matrix, source: str) -> bool | None:
    """Say whether the apt of a source knows snapshots; ``None`` if its reference does not tell."""
    distribution = distribution_of(matrix.sources[source])
    return distribution.snapshots if distribution else None


def kinds_without_base(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Kinds that need the user, home and /init of a kind, on an image that has none of them."""
    reported: set[Path] = set()
    for item in expanded.values():
        if item.parent is None or not item.foreign or not _lays_out(matrix, item):
            continue
        path: Path = (*resolution_of(matrix, expanded, item).scalars["kind"].origin.path, "kind")
        root = list(lineage(expanded, item))[-1]
        if path not in reported:
            reported.add(path)
            fields = {"image": item.image, "kind": item.kind, "root": root.image}
            yield rules.KIND_WITHOUT_BASE.at(path, **fields)


def _lays_out(matrix: Matrix, item: Variant) -> bool:
    return item.kind != NO_KIND and matrix.kinds.get(item.kind, Kind()).lays_out


def not_installable(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Debian's packages, and kinds that are made of them, on a distribution that has no apt."""
    reported: set[Path] = set()
    for item in expanded.values():
        word = without_apt(matrix.sources[item.root_source])
        if word is None:
            continue
        for path, what in _needing_apt(matrix, expanded, item):
            if path not in reported:
                reported.add(path)
                fields = {"image": item.image, "what": what, "source": item.root_source, "distribution": word}
                yield rules.NO_APT.at(path, "key", **fields)


def _needing_apt(
    matrix: Matrix, expanded: Mapping[str, Variant], item: Variant
) -> Iterator[tuple[Path, str]]:
    resolution = resolution_of(matrix, expanded, item)
    for package in resolution.packages.get("apt", ())[:1]:
        yield (*package.origin.path, "apt"), "apt packages"
    for file in resolution.apt_files[:1]:
        yield (*file.origin.path, "apt"), "apt packages"
    for repository in resolution.apt_repositories[:1]:
        yield (*repository.origin.path, "apt"), "repositories"
    for download in resolution.downloads:
        if download.value in matrix.downloads and matrix.downloads[download.value].deb:
            yield ("downloads", download.value, "deb"), f"the package of Debian `{download.value}`"
    if item.locale and item.locale not in BUILT_IN:
        yield (*resolution.scalars["locale"].origin.path, "locale"), f"the locale `{item.locale}`"
    if item.parent is None and _lays_out(matrix, item):
        yield (*resolution.scalars["kind"].origin.path, "kind"), f"the kind `{item.kind}`"


def lacking(
    matrix: Matrix, expanded: Mapping[str, Variant], item: Variant, manager: Manager
) -> tuple[str, str] | None:
    """Return what a package manager lacks on a plain distribution, and what to write; other sources may have it."""
    chain = list(lineage(expanded, item))
    reported = any(one.packages.get(manager) for one in chain[1:])
    if reported or not is_bare(matrix.sources[item.root_source]) or any(one.kind != NO_KIND for one in chain):
        return None
    root = chain[-1].image
    if manager == "conda":
        return (
            "nothing in its chain installs conda",
            f"write `kind: base` in `{root}`, and add micromamba to `downloads:`",
        )
    apt = {package_name("apt", name) for one in chain for name in one.packages.get("apt", ())}
    if manager == "pip" and PIP not in apt:
        advice = f"write `kind: base` in `{root}` for a notebook image; for others, add `{PIP}` to `apt`"
        return "nothing in its chain installs Python with pip", advice
    return None
