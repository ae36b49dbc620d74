"""What a build need not make, because a registry has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.build.ancestors import with_ancestors
from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.registry_locations import existing_images

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.build.request import Aim, LegId
    from image_matrix.planning.registry_locations import Places
    from image_matrix.registry.client import Registry


def reusable(
    places: Places,
    wanted: list[LegId],
    aim: Aim,
    registry: Registry,
    tell: Callable[[str], None],
) -> dict[LegId, str]:
    """Return, of what is wanted and its ancestors, what there is: repository and digest.

    Raises :class:`EnvironmentFailure` where the registry does not answer and the result is to be pushed there.
    """
    try:
        there = existing_images(places.order, with_ancestors(places.main, wanted), registry, tell)
    except EnvironmentFailure as failure:
        if aim.push:
            raise
        tell(f"{failure.message}; building everything that is needed")
        return {}
    if aim.fresh:
        return {leg: where for leg, where in there.items() if leg not in wanted}
    return there
