"""The lines of the matrix that a variant's requirements stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.variants import resolutions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.diagnostics import Path


def requirement_lines(loaded: Loaded, variant: Variant) -> Iterator[tuple[str, Path]]:
    """Yield a variant's requirements with the place of each in the matrix: an image, an override, a bundle."""
    resolution = resolutions(loaded.matrix, loaded.variants, variant.image)[variant.id]
    for sourced in resolution.packages.get("pip", ()):
        yield sourced.value, loaded.documents.position((*sourced.origin.path, "pip", sourced.value))
