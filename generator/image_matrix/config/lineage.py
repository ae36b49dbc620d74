"""The way from a variant up to the one that starts at a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Variant


def lineage(variants: Mapping[str, Variant], item: Variant) -> Iterator[Variant]:
    """Yield a variant and everything that it is built on, nearest first."""
    here: Variant | None = item
    while here is not None:
        yield here
        here = variants.get(here.parent or "")


def ancestors(variants: Mapping[str, Variant], item: Variant) -> Iterator[Variant]:
    """Yield everything that a variant is built on, nearest first."""
    above = lineage(variants, item)
    next(above)
    yield from above
