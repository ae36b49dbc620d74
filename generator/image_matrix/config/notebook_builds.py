"""Finds the images from whose terminals users build images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant

BUILDX_KIND = "buildx"
"""The kind that brings docker and buildx."""


def builds_images(variants: Mapping[str, Variant], item: Variant) -> bool:
    """Say whether a variant has docker and buildx, its own or those of an ancestor."""
    return any(one.kind == BUILDX_KIND for one in lineage(variants, item))
