"""Says what is in an image, its ancestors' parts included: packages, programs, and what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from image_matrix.config.lineage import lineage
from image_matrix.config.model import LOCKED_MANAGERS, MANAGERS
from image_matrix.config.package_names import package_name
from image_matrix.lock.locked_versions import locked_by_arch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.lock.pins import Pins

Versions: TypeAlias = "dict[str, str | dict[str, str]]"
"""Name of a package to its version, or to its version by architecture where they differ."""
_LANGUAGES = {"python": "Python", "r": "R"}
"""Statements of ``provides`` that are programs of their own, not packages."""


def from_base_up(variants: Mapping[str, Variant], item: Variant) -> tuple[Variant, ...]:
    """Return everything that a variant is built on, and then the variant."""
    return tuple(reversed(tuple(lineage(variants, item))))


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


def locked(pins: Pins, variants: Mapping[str, Variant], item: Variant) -> dict[Manager, Versions]:
    """Return the locked packages of an image and its ancestors, dependencies included, by name."""
    every = {manager: _merged(pins, variants, item, manager) for manager in LOCKED_MANAGERS}
    return {
        manager: _by_name(by_arch, item.archs) for manager, by_arch in every.items() if any(by_arch.values())
    }


def _merged(
    pins: Pins, variants: Mapping[str, Variant], item: Variant, manager: Manager
) -> dict[str, dict[str, str]]:
    """Return architecture to name to version; what an image adds replaces what its ancestors have."""
    packages: dict[str, dict[str, str]] = {arch: {} for arch in item.archs}
    for one in from_base_up(variants, item):
        for arch, more in locked_by_arch(pins, one, manager).items():
            packages.get(arch, {}).update(more)
    return packages


def _by_name(by_arch: Mapping[str, Mapping[str, str]], archs: tuple[str, ...]) -> Versions:
    names = sorted({name for packages in by_arch.values() for name in packages})
    return {name: _version({arch: by_arch[arch].get(name) for arch in archs}) for name in names}


def _version(by_arch: Mapping[str, str | None]) -> str | dict[str, str]:
    """Return one version if all architectures have it."""
    first = next(iter(by_arch.values()))
    if first is not None and set(by_arch.values()) == {first}:
        return first
    return {arch: version for arch, version in by_arch.items() if version is not None}


def languages(variants: Mapping[str, Variant], item: Variant) -> dict[str, str]:
    """Return the interpreters in an image, as ``provides`` states them, to the first parts of their versions."""
    stated = {name: version for one in from_base_up(variants, item) for name, version in one.provides.items()}
    stated = ({"python": item.values["python"]} if "python" in item.values else {}) | stated
    return {title: stated[name] for name, title in _LANGUAGES.items() if name in stated}


def programs(matrix: Matrix, variants: Mapping[str, Variant], item: Variant) -> dict[str, str]:
    """Return the downloads of an image and its ancestors, to their versions."""
    names = dict.fromkeys(name for one in from_base_up(variants, item) for name in one.downloads)
    return {name: matrix.downloads[name].version for name in names}


def title_of(item: Variant) -> str:
    """Return a title of a variant for users: its description with the values of its axes."""
    values = (f"{axis.capitalize()} {value}" for axis, value in item.values.items())
    return ", ".join((item.description or item.image, *values))
