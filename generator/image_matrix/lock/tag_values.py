"""Gives placeholders of tags the versions of packages in the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.placeholders import version_parts
from image_matrix.config.tags import packages_in
from image_matrix.lock.locked_versions import locked_versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant
    from image_matrix.lock.pins import Pins


def package_values(pins: Pins, variants: Mapping[str, Variant], item: Variant) -> dict[str, str]:
    """Return what ``package.NAME`` and its parts stand for in a variant's tags.

    A package that the lock does not have, or has in several versions, has no value.
    """
    values: dict[str, str] = {}
    names = {name for text in item.tags for name in packages_in(text).values()}
    for name in names:
        versions = locked_versions(pins, variants, item, name)
        if len(versions) == 1:
            values |= version_parts(f"package.{name}", versions.pop())
    return values
