"""Sizes of images that are not built here: those of a measured parent, and the wheels that the lock adds to it.

Both sides install the same list, so both get the same wheels. What is missing in the lock is not computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.wheels import total

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.model import Variant

    Sizes = Callable[[str], Mapping[str, int]]


class Bytes(NamedTuple):
    """The sizes of an image and of its counterpart."""

    ours: int
    theirs: int


def computed(
    variants: Mapping[str, Variant],
    requirements: Mapping[str, str],
    measured: Mapping[str, Bytes],
    sizes: Sizes,
) -> dict[str, Bytes]:
    """Return what stands on measured images, and is not measured, by its id.

    ``variants`` has parents first; ``requirements`` has the locked files of variants for one architecture.
    """
    known = dict(measured)
    for name, variant in variants.items():
        below = known.get(variant.parent or "")
        if below is None or name in known or name not in requirements or not _is_wheels(variant):
            continue
        wheels = total(requirements[name], sizes)
        known[name] = Bytes(below.ours + wheels, below.theirs + wheels)
    return {name: found for name, found in known.items() if name not in measured}


def _is_wheels(variant: Variant) -> bool:
    """Say whether a variant adds nothing whose size the lock does not tell."""
    return not variant.downloads and not any(
        items for name, items in variant.packages.items() if name != "pip"
    )
