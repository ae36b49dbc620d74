"""Looks up the locked version of a package that is in a variant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.model import LOCKED_MANAGERS
from image_matrix.config.package_names import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Manager, Variant
    from image_matrix.lock.pins import Pins

_REQUIREMENT = re.compile(r"^(?:# )?([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s\\;]+)", re.MULTILINE)
_CONDA = re.compile(r"^https?://\S+/([^/\s]+)-([^-/\s]+)-[^-/\s]+$", re.MULTILINE)
"""The name of a conda package's file: NAME-VERSION-BUILD."""


def locked_versions(pins: Pins, variants: Mapping[str, Variant], item: Variant, name: str) -> set[str]:
    """Return the versions of a Python or conda package in a variant, by any spelling: several if its platforms differ.

    What an image adds counts before what its ancestors have. Empty if the lock has no such package of it.
    """
    for above in lineage(variants, item):
        versions = {
            version for _, package, version in locked_packages(pins, above) if folded(package) == folded(name)
        }
        if versions:
            return versions
    return set()


def locked_names(pins: Pins, variants: Mapping[str, Variant], item: Variant) -> set[str]:
    """Return the names of all packages in a variant that the lock knows."""
    return {package for above in lineage(variants, item) for _, package, _ in locked_packages(pins, above)}


def locked_packages(pins: Pins, item: Variant) -> Iterator[tuple[Manager, str, str]]:
    """Yield manager, name and version of everything that the lock has for a variant, without its ancestors."""
    for manager in LOCKED_MANAGERS:
        for packages in locked_by_arch(pins, item, manager).values():
            yield from ((manager, name, version) for name, version in packages.items())


def locked_by_arch(pins: Pins, item: Variant, manager: Manager) -> dict[str, dict[str, str]]:
    """Return what the lock has of pip or conda for a variant alone: architecture to name to version."""
    pattern, texts = (_REQUIREMENT, pins.requirements) if manager == "pip" else (_CONDA, pins.explicit)
    return {
        arch: {canonical(manager, match[1]): match[2] for match in pattern.finditer(text)}
        for arch, text in texts.get(item.id, {}).items()
    }


def canonical(manager: str, name: str) -> str:
    """Return the name that all spellings of a package have: PEP 503 for Python, lower case for conda.

    Of conda, ``cf_xarray`` and ``cf-xarray`` are two names; docs.conda.io, "Package naming conventions".
    """
    if manager == "pip":
        return folded(name)
    return name.lower() if manager == "conda" else name
