"""Variants as plain data, for programs: what `list` and `graph` print as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.dag import Dag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant


def listing(variants: Mapping[str, Variant]) -> list[dict[str, Any]]:
    """Return an entry for each variant, in build order; docs/matrix.md describes its fields."""
    layers = Dag({item.id: item.parent for item in variants.values()}).layers()
    return [
        {
            "variant": item.id,
            "image": item.image,
            "label": item.label,
            "values": dict(item.values),
            "layer": layers[item.id],
            "parent": item.parent,
            "source": item.source,
            "platforms": list(item.platforms),
            "accelerator": item.accelerator,
        }
        for item in variants.values()
    ]
