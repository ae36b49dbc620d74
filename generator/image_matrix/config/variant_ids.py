"""Takes the id of a variant apart: ``jupyter-scipy:python3.13``, or the image's name alone where it has no axes."""

from __future__ import annotations


def image_of(variant: str) -> str:
    """Return the image of the id of a variant."""
    return variant.partition(":")[0]
