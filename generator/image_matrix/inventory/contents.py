"""Lists the packages that are in a variant with their versions: those of the lock, and of lists for the rest."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.model import LOCKED_MANAGERS, MANAGERS
from image_matrix.config.package_names import package_name
from image_matrix.inventory.model import DOWNLOAD, PROVIDED, Content, Inventory, PackageName
from image_matrix.lock.locked_versions import canonical, locked_by_arch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.inventory.model import Contents
    from image_matrix.lock.pins import Pins

_REST = re.compile(r"^[^\[\s=<>!~;@]+(?:\[[^\]]*\])?\s*")
"""What of an entry is before its version: a name with extras; the `@` of an npm scope is cut off before."""


def inventories(
    matrix: Matrix, variants: Mapping[str, Variant], pins: Pins, names: Collection[str] | None = None
) -> dict[str, Inventory]:
    """Return what is in the variants with these ids, by default in all, in build order."""
    known: dict[str, Inventory] = {}
    chosen = variants if names is None else names
    needed = {one.id for name in chosen for one in lineage(variants, variants[name])}
    for item in variants.values():
        if item.id in needed:
            known[item.id] = _on(known.get(item.parent or "", Inventory()), matrix, pins, item)
    return {name: one for name, one in known.items() if name in chosen}


def contents(matrix: Matrix, variants: Mapping[str, Variant], pins: Pins, item: Variant) -> Contents:
    """Return all packages of a variant and its ancestors; what is nearest to the variant counts."""
    return inventories(matrix, variants, pins, (item.id,))[item.id].contents


def _on(below: Inventory, matrix: Matrix, pins: Pins, item: Variant) -> Inventory:
    """Return what is in a variant that is built on what is below it."""
    present = {name: one for name, old in below.contents.items() if (one := _for_archs(old, item.archs))}
    lines = {package_of(manager, line): line for manager, line in _lines(item)}
    unlocked = _not_locked(pins, item)
    new = {name: Content(by_arch, item.id, locked=True) for name, by_arch in _locked(pins, item).items()}
    stated = {
        name: _stated(pins, item, name.manager, line)
        for name, line in lines.items()
        if name not in new and name.manager not in _answered(pins, item) and not _is_conditional(line)
    }
    downloads = {
        PackageName(DOWNLOAD, name): _same(item, matrix.downloads[name].version) for name in item.downloads
    }
    present |= {name: _over(present.get(name), one) for name, one in {**new, **stated, **downloads}.items()}
    for name in (*lines, *downloads):
        if name in present:
            present[name] = replace(present[name], listed_by=(*present[name].listed_by, item.id))
    return Inventory(_with_provided(present, item), below.unknown | unlocked)


def _answered(pins: Pins, item: Variant) -> set[str]:
    """Return the managers for which the lock says all that a variant adds."""
    answers = {"pip": pins.requirements, "conda": pins.explicit}
    return {manager for manager, entries in answers.items() if item.id in entries}


def _for_archs(content: Content, archs: tuple[str, ...]) -> Content | None:
    """Return how a package of a parent is in an image for fewer platforms; ``None`` if it is on none of them."""
    versions = {arch: version for arch, version in content.versions.items() if arch in archs}
    if len(versions) == len(content.versions):
        return content
    return replace(content, versions=versions) if versions else None


def _over(below: Content | None, new: Content) -> Content:
    """Return a package that is installed where it may be already; the same version stays whose it was."""
    if below is None:
        return new
    versions = {**below.versions, **new.versions}
    if versions == below.versions and below.locked == new.locked:
        return below
    return replace(new, versions=versions, listed_by=below.listed_by)


def _stated(pins: Pins, item: Variant, manager: str, line: str) -> Content:
    """Return a package of a list that no lock answers."""
    version = stated_version(manager, line)
    return replace(_same(item, version), archive="" if version else _archive(pins, item, manager))


def _same(item: Variant, version: str) -> Content:
    return Content(dict.fromkeys(item.archs, version), item.id)


def _archive(pins: Pins, item: Variant, manager: str) -> str:
    """Return the archive of one day that a manager installs from; empty if it has the newest version of a build."""
    if manager == "cran":
        day = item.cran_snapshot or pins.cran_snapshot
        return f"CRAN of {day}" if day else ""
    moment = pins.apt_snapshots.get(item.root_source, "") if manager == "apt" else ""
    return f"archive of {moment[:4]}-{moment[4:6]}-{moment[6:8]}" if moment else ""


def _with_provided(present: Contents, item: Variant) -> dict[PackageName, Content]:
    """Return contents with the programs that ``provides`` states, as far as no installer has them."""
    installed = {name.name for name in present if name.manager not in (PROVIDED, "npm", "extensions")}
    result = {
        name: one for name, one in present.items() if name.manager != PROVIDED or name.name not in installed
    }
    languages = {"python": item.values["python"]} if "python" in item.values else {}
    for name, version in {**languages, **item.provides}.items():
        if name not in installed:
            package = PackageName(PROVIDED, name)
            result[package] = _over(result.get(package), replace(_same(item, version), listed_by=(item.id,)))
    return result


def _not_locked(pins: Pins, item: Variant) -> frozenset[str]:
    """Return the managers of which the lock does not have all that a variant adds."""
    extensions = pins.extensions.get(item.id)
    known = _answered(pins, item) | ({"extensions"} if extensions and not extensions.floating else set())
    asked = {manager for manager, _ in _lines(item) if manager in ("pip", "conda", "extensions")}
    return frozenset(asked - known)


def _lines(item: Variant) -> Iterator[tuple[Manager, str]]:
    return ((manager, line) for manager in MANAGERS for line in item.packages.get(manager, ()))


def _is_conditional(line: str) -> bool:
    """Say whether an entry has a marker, so that it is not in every image."""
    return ";" in line


def package_of(manager: Manager, line: str) -> PackageName:
    """Return the package that an entry of a list is about."""
    return PackageName(manager, canonical(manager, package_name(manager, line)))


def _locked(pins: Pins, item: Variant) -> dict[PackageName, dict[str, str]]:
    """Return what the lock has of a variant alone: package to architecture to version."""
    result: dict[PackageName, dict[str, str]] = {}
    for manager in LOCKED_MANAGERS:
        for arch, packages in locked_by_arch(pins, item, manager).items():
            for name, version in packages.items():
                result.setdefault(PackageName(manager, name), {})[arch] = version
    extensions = pins.extensions.get(item.id)
    for extension, files in (extensions.files if extensions else {}).items():
        name, _, version = extension.rpartition("@")
        result[PackageName("extensions", name.lower())] = dict.fromkeys(files, version)
    return result


def stated_version(manager: str, line: str) -> str:
    """Return the version or the bounds that an entry of a list states; empty if it states none."""
    text = line.rpartition("::")[2] if manager in ("conda", "cran") else line
    scope, text = (text[:1], text[1:]) if manager == "npm" else ("", text)
    rest = _REST.sub("", scope.lstrip("@") + text, count=1).partition(";")[0].strip()
    return rest.lstrip("=@ ")
