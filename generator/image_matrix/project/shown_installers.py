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
    result: dict[str, frozenset[Manager]] = {}
    shown = {
        name: shown_installers(dockerfile, build, variants[name].platforms[0])
        for name, dockerfile in dockerfiles.items()
        if (build := variants[name].build)
    }
    for item in variants.values():
        with_dockerfile = [one.id for one in lineage(variants, item) if one.build]
        if (
            with_dockerfile
            and item.packages
            and not item.build
            and all(name in shown for name in with_dockerfile)
        ):
            result[item.id] = of_chain([shown[name] for name in with_dockerfile])
    return result
