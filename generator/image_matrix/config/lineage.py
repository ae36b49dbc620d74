"""Walks the chain of variants from one up to the variant that is built from a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dag import chain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Variant


def lineage(variants: Mapping[str, Variant], item: Variant) -> Iterator[Variant]:
    """Yield a variant and everything that it is built on, nearest first."""
    return chain(item, lambda one: variants.get(one.parent or ""))


def ancestors(variants: Mapping[str, Variant], item: Variant) -> Iterator[Variant]:
    """Yield everything that a variant is built on, nearest first."""
    above = lineage(variants, item)
    next(above)
    yield from above


def from_base_up(variants: Mapping[str, Variant], item: Variant) -> tuple[Variant, ...]:
    """Return everything that a variant is built on, and then the variant."""
    return tuple(reversed(tuple(lineage(variants, item))))
