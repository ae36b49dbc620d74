"""Looks up the locked version of a package that is in a variant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Variant
    from image_matrix.lock.pins import Pins

_REQUIREMENT = re.compile(r"^(?:# )?([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s\\;]+)", re.MULTILINE)
_CONDA = re.compile(r"^https?://\S+/([^/\s]+)-([^-/\s]+)-[^-/\s]+$", re.MULTILINE)
"""The name of a conda package's file: NAME-VERSION-BUILD."""


def locked_versions(pins: Pins, variants: Mapping[str, Variant], item: Variant, name: str) -> set[str]:
    """Return the versions of a Python or conda package in a variant: several if its platforms differ.

    What an image adds counts before what its ancestors have. Empty if the lock has no such package of it.
    """
    for above in lineage(variants, item):
        versions = {version for package, version in _packages(pins, above) if package == _canonical(name)}
        if versions:
            return versions
    return set()


def locked_names(pins: Pins, variants: Mapping[str, Variant], item: Variant) -> set[str]:
    """Return the names of all packages in a variant that the lock knows."""
    return {package for above in lineage(variants, item) for package, _ in _packages(pins, above)}


def _packages(pins: Pins, item: Variant) -> Iterator[tuple[str, str]]:
    for pattern, texts in ((_REQUIREMENT, pins.requirements), (_CONDA, pins.explicit)):
        for text in texts.get(item.id, {}).values():
            yield from ((_canonical(match[1]), match[2]) for match in pattern.finditer(text))


def _canonical(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)
