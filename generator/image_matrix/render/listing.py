"""Lists variants as plain data for the JSON output of `list` and `graph`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant


def listing(variants: Mapping[str, Variant], layers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return an entry for each variant, in build order; docs/matrix.md describes its fields.

    ``layers`` gives the layer of each image.
    """
    tags = tags_of(variants.values())
    return [
        {
            "variant": item.id,
            "image": item.image,
            "label": item.label,
            "values": dict(item.values),
            "layer": layers[item.image],
            "parent": item.parent,
            "contexts": [name for name in item.parents if name != item.parent],
            "source": item.source,
            "platforms": list(item.platforms),
            "accelerator": item.accelerator,
            "contract": item.contract,
            "repository": item.repository,
            "publish": item.publish,
            "tags": tags[item.id],
        }
        for item in variants.values()
    ]
