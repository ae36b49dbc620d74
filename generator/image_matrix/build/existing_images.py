"""Finds the images that a build can reuse because a registry has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.build.ancestors import with_ancestors
from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.registry_locations import existing_images

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.build.request import BuildOptions
    from image_matrix.config.model import LegId
    from image_matrix.planning.registry_locations import Locations
    from image_matrix.registry.client import Registry


def reusable(
    locations: Locations,
    requested: list[LegId],
    options: BuildOptions,
    registry: Registry,
    log: Callable[[str], None],
) -> dict[LegId, str]:
    """Return the existing images of the requested legs and their ancestors: repository and digest.

    A forced build looks first where it pushes: what the same run has built again is there, under the key that the
    default branch has, too.

    Raises :class:`EnvironmentFailure` if the registry does not answer and the result is to be pushed to it.
    """
    try:
        order = locations.order[::-1] if options.fresh else locations.order
        existing = existing_images(order, with_ancestors(locations.main, requested), registry, log)
    except EnvironmentFailure as failure:
        if options.push:
            raise
        log(f"{failure.message}; building all images that are needed")
        return {}
    if options.fresh:
        return {leg: image for leg, image in existing.items() if leg not in requested}
    return existing
