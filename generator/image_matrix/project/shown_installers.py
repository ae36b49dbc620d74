"""Which package managers the Dockerfiles below an image show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.dockerfiles.installers import of_chain, shown_installers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Manager, Variant
    from image_matrix.dockerfiles.instructions import Dockerfile


def shown_below(
    variants: Mapping[str, Variant], dockerfiles: Mapping[str, Dockerfile]
) -> dict[str, frozenset[Manager]]:
    """Return the managers that Dockerfiles show below each variant with packages that is built on one of them.

    A variant on a Dockerfile that cannot be read is left out: that is said already. ``dockerfiles`` are by variant.
    """
    below = {
        item.id: [one.id for one in lineage(variants, item) if one.build]
        for item in variants.values()
        if item.packages and not item.build
    }
    needed = dict.fromkeys(name for names in below.values() for name in names)
    shown = {
        name: shown_installers(dockerfiles[name], build, variants[name].platforms[0])
        for name in needed
        if name in dockerfiles and (build := variants[name].build)
    }
    return {
        name: of_chain([shown[one] for one in names])
        for name, names in below.items()
        if names and shown.keys() >= {*names}
    }
