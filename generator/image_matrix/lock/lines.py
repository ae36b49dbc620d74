"""Finds the lines of the matrix that have a variant's requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.variants import resolution_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager, Variant
    from image_matrix.diagnostics import Path


def requirement_lines(
    loaded: Loaded, variant: Variant, manager: Manager = "pip"
) -> Iterator[tuple[str, Path]]:
    """Yield what a variant asks a manager for, each with its place: in an image, an override, a bundle."""
    if not variant.packages.get(manager):
        return
    resolution = resolution_of(loaded.matrix, loaded.variants, variant)
    for sourced in resolution.packages.get(manager, ()):
        yield sourced.value, loaded.documents.position((*sourced.origin.path, manager, sourced.position or 0))
