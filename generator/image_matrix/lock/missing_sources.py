"""Says which source to declare for each image that a user's Dockerfile names and that nothing pins."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.source_names import new_sources, source_name, whole_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.config.dockerfile_build import FloatingImage
    from image_matrix.config.model import Matrix


def with_advice(images: Sequence[FloatingImage], matrix: Matrix) -> list[FloatingImage]:
    """Return images, those without advice with the source to write: of two sources, none takes the other's name."""
    references = [image.name for image in images if not image.advice]
    sources = {**matrix.sources, **new_sources(references, matrix.sources, matrix.images)}
    return [
        image
        if image.advice
        else replace(image, advice=_declaration(source_name(image.name, sources, matrix.images), image.name))
        for image in images
    ]


def _declaration(name: str, reference: str) -> str:
    source = f"{name}: {json.dumps(whole_reference(reference))}"
    return f"write `sources: {{{source}}}` in matrix.yaml, then run `image-matrix lock`"
