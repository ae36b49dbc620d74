"""Names the paths of a project that builds and renders write: an image that has them changes with every build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.output_tree.manifest import MANIFEST
from image_matrix.render.bake import BAKE_FILE
from image_matrix.render.docs.catalog import CATALOG
from image_matrix.render.docs.images_page import PAGE
from image_matrix.render.rootfs import FOLDER as ROOTFS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.model import Variant


def generated_below(folder: str, variants: Iterable[Variant]) -> list[str]:
    """Return the generated files and folders in a folder of the project, by their paths in the project."""
    generated = [
        MANIFEST, BAKE_FILE, ROOTFS, PAGE, CATALOG, "deploy", ".github/workflows", ".github/actions",
        *(item.folder for item in variants if item.build is None),
    ]  # fmt: skip
    return [path for path in generated if is_below(path, folder)]


def is_below(path: str, folder: str) -> bool:
    """Say whether a path is in a folder."""
    return folder in (".", "") or path.startswith(f"{folder}/")
