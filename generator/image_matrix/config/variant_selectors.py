"""Selects variants by names on the command line: ``jupyter-scipy`` or ``jupyter-scipy:python3.13``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of
from image_matrix.diagnostics import did_you_mean
from image_matrix.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Variant
    from image_matrix.config.platforms import Platform


def select(variants: Mapping[str, Variant], names: Sequence[str]) -> list[str]:
    """Return the ids of the variants that are named, in build order; no names means all.

    Raises :class:`CallError` for a name that is neither an image nor a variant.
    """
    images = {item.image for item in variants.values()}
    for name in names:
        if name not in variants and name not in images:
            image = image_of(name)
            known = [item.id for item in variants.values() if item.image == image] or [*images]
            what = "variant" if image in images else "image"
            raise CallError(f"unknown {what} `{name}`", did_you_mean(name, known))
    return [item.id for item in variants.values() if not names or item.id in names or item.image in names]


def select_legs(
    variants: Mapping[str, Variant], names: Sequence[str], platforms: Sequence[str]
) -> list[tuple[str, Platform]]:
    """Return what is named, or everything, as variants on platforms; no platforms means all of each.

    Raises :class:`CallError` for a name that is not there, or that is built for none of the platforms.
    """
    legs = [
        (name, platform)
        for name in select(variants, names)
        for platform in variants[name].platforms
        if not platforms or platform in platforms
    ]
    if names:
        for name in set(select(variants, names)) - {name for name, _ in legs}:
            raise _not_built_for(variants[name], platforms)
    if not legs:
        raise CallError(
            f"nothing is built for {', '.join(platforms)}", "`image-matrix list` has the platforms"
        )
    return legs


def select_for(variants: Mapping[str, Variant], names: Sequence[str], platform: str) -> list[str]:
    """Return the ids of the variants that are named; raises :class:`CallError` for one that the platform has not."""
    chosen = select(variants, names)
    for name in chosen:
        if platform not in variants[name].platforms:
            raise _not_built_for(variants[name], (platform,))
    return chosen


def _not_built_for(item: Variant, platforms: Sequence[str]) -> CallError:
    built_for = ", ".join(item.platforms)
    return CallError(f"{item.id} is not built for {', '.join(platforms)}", f"it is built for {built_for}")
