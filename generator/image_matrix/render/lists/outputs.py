"""Renders the lists of ``release.lists``, for whichever site an image is."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.output_tree.files import File
from image_matrix.render.kubernetes.outputs import needed
from image_matrix.render.lists.catalog_json import catalog_json
from image_matrix.render.lists.devcontainers import devcontainer, path_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.lock.pins import Pins
    from image_matrix.render.lists.released import ReleasedImage

CATALOG = "deploy/catalog.json"


def list_files(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    references: Mapping[str, str],
    pins: Pins,
    released: Mapping[str, ReleasedImage] = MappingProxyType({}),
) -> dict[str, File]:
    """Return path to file; nothing if the matrix asks for no list."""
    texts: dict[str, str] = {}
    if "catalog" in matrix.release.lists:
        texts[CATALOG] = catalog_json(matrix, variants, references, pins, released)
    if "devcontainers" in matrix.release.lists:
        texts |= {
            f"deploy/{path_of(item)}": devcontainer(matrix, variants, item, references[item.id], pins)
            for item in _offered(matrix, variants)
            if item.id in references
        }
    return {path: File(text.encode()) for path, text in texts.items()}


def _offered(matrix: Matrix, variants: Mapping[str, Variant]) -> list[Variant]:
    """Return what users can choose; without profiles, what is published."""
    names = needed(matrix, variants)
    return [variants[name] for name in names] or [item for item in variants.values() if item.publish]
