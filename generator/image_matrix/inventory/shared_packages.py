"""Says in which packages images of a record differ from others of it: what many images share, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from image_matrix.inventory.model import PackageName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json

Packages: TypeAlias = "Mapping[PackageName, tuple[str, Json]]"
"""Each package with the section of the record that it is in, and its version, perhaps by architecture."""
SECTIONS = ("packages", "installed")
"""Packages that matrix and lock know; and those that only the image knows."""
WITHOUT = "without"
ON = "on"


def base_of(
    packages: Packages, parent: str | None, written: Mapping[str, Packages], whole: list[str]
) -> str | None:
    """Return the image before this one in the record that it is written against: its parent, if that is there.

    Otherwise, of those that are written ``whole``, the one with the fewest differences; ``None`` where less than half
    of the packages are the same.
    """
    if parent in written:
        return parent
    same = {
        name: sum(written[name].get(package) == one for package, one in packages.items()) for name in whole
    }
    nearest = max(same, key=lambda name: same[name], default=None)
    return nearest if nearest is not None and same[nearest] * 2 > len(packages) else None


def written_against(packages: Packages, base: Packages) -> dict[str, Json]:
    """Return the sections of the record for an image, as far as it differs from another one."""
    sections: dict[str, dict[str, dict[str, Json]]] = {}
    for package in sorted(packages, key=lambda one: (one.manager, one.name)):
        if base.get(package) != packages[package]:
            section, version = packages[package]
            sections.setdefault(section, {}).setdefault(package.manager, {})[package.name] = version
    without: dict[str, list[str]] = {}
    for package in sorted(base.keys() - packages.keys(), key=lambda one: (one.manager, one.name)):
        without.setdefault(package.manager, []).append(package.name)
    names = {WITHOUT: {manager: " ".join(several) for manager, several in without.items()}} if without else {}
    return {**{section: sections[section] for section in SECTIONS if section in sections}, **names}


def read_against(item: Mapping[str, Json], base: Packages) -> Packages:
    """Return the packages of an image by its sections; the inverse of :func:`written_against`."""
    without = {
        PackageName(manager, name)
        for manager, names in item.get(WITHOUT, {}).items()
        for name in names.split(" ")
    }
    differing = {
        PackageName(manager, name): (section, version)
        for section in SECTIONS
        for manager, versions in item.get(section, {}).items()
        for name, version in versions.items()
    }
    return {**{package: one for package, one in base.items() if package not in without}, **differing}
