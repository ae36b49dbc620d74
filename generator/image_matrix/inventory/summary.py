"""Says what is in an image as lists of other programs want it: entries, locked versions, programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from image_matrix.config.lineage import from_base_up
from image_matrix.config.model import LOCKED_MANAGERS, MANAGERS
from image_matrix.config.package_names import package_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.inventory.model import Contents

Versions: TypeAlias = "dict[str, str | dict[str, str]]"
"""Name of a package to its version, or to its version by architecture where they differ."""
_LANGUAGES = {"python": "Python", "r": "R"}
"""Statements of ``provides`` that are programs of their own, not packages."""


def requested(variants: Mapping[str, Variant], item: Variant) -> dict[Manager, tuple[str, ...]]:
    """Return the entries of the lists that an image and its ancestors have; of two for one package the later."""
    listed: dict[Manager, tuple[str, ...]] = {}
    for manager in MANAGERS:
        entries: dict[str, str] = {}
        for one in from_base_up(variants, item):
            entries |= {package_name(manager, entry): entry for entry in one.packages.get(manager, ())}
        if entries:
            listed[manager] = tuple(entries.values())
    return listed


def locked(contents: Contents, item: Variant) -> dict[Manager, Versions]:
    """Return the versions of the packages of an image that the lock has for each platform, by name."""
    result: dict[Manager, Versions] = {}
    for manager in LOCKED_MANAGERS:
        of_manager = {
            name.name: one.versions
            for name, one in contents.items()
            if name.manager == manager and one.locked
        }
        if of_manager:
            result[manager] = {name: one_or_each(of_manager[name], item.archs) for name in sorted(of_manager)}
    return result


def one_or_each(by_arch: Mapping[str, str], archs: tuple[str, ...]) -> str | dict[str, str]:
    """Return the version that all architectures have, or else that of each one that has the package."""
    versions = {*by_arch.values()}
    if len(versions) == 1 and len(by_arch) == len(archs):
        return versions.pop()
    return {arch: by_arch[arch] for arch in archs if arch in by_arch}


def languages(variants: Mapping[str, Variant], item: Variant) -> dict[str, str]:
    """Return the interpreters in an image, as ``provides`` states them, to the first parts of their versions."""
    stated = {name: version for one in from_base_up(variants, item) for name, version in one.provides.items()}
    stated = ({"python": item.values["python"]} if "python" in item.values else {}) | stated
    return {title: stated[name] for name, title in _LANGUAGES.items() if name in stated}


def programs(matrix: Matrix, variants: Mapping[str, Variant], item: Variant) -> dict[str, str]:
    """Return the downloads of an image and its ancestors, to their versions."""
    names = dict.fromkeys(name for one in from_base_up(variants, item) for name in one.downloads)
    return {name: matrix.downloads[name].version for name in names}
