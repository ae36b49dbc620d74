"""Names the paths of a project that image-matrix reads and writes: an image that has them changes with every build."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.context_reader import ContextError, is_outside
from image_matrix.dockerfiles.ignore import read_ignore
from image_matrix.output_tree.manifest import MANIFEST
from image_matrix.render.bake import BAKE_FILE
from image_matrix.render.docs.catalog import CATALOG
from image_matrix.render.docs.images_page import PAGE
from image_matrix.render.rootfs import FOLDER as ROOTFS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.config.model import Variant
    from image_matrix.dockerfiles.context_reader import ContextReader

IMAGES = posixpath.dirname(BAKE_FILE)
"""The folder of the generated Dockerfiles."""
_NOTHING = read_ignore("")


def generated_below(folder: str, variants: Iterable[Variant]) -> list[str]:
    """Return the generated files and folders in a folder of the project, by their paths in the project."""
    generated = [
        MANIFEST, BAKE_FILE, ROOTFS, PAGE, CATALOG, "deploy", ".github/workflows", ".github/actions",
        *(item.folder for item in variants if item.build is None),
    ]  # fmt: skip
    return [path for path in generated if is_below(path, folder)]


def changing_below(folder: str, variants: Iterable[Variant], reader: ContextReader) -> list[str]:
    """Return what image-matrix reads and writes in a folder of the project, by the paths in that folder.

    The folder of all generated Dockerfiles stands for them if nothing else is in it: it has those of later images, too.
    """
    read = [path for path in reader.matrix_files if not is_outside(path) and is_below(path, folder)]
    every = [*read, *generated_below(folder, variants)]
    if is_below(IMAGES, folder) and _has_only(IMAGES, every, reader):
        at = next(at for at, path in enumerate(every) if is_below(path, IMAGES))
        every = [path for path in every if not is_below(path, IMAGES)]
        every.insert(at, IMAGES)
    return list(dict.fromkeys(posixpath.relpath(path, folder) for path in every))


def _has_only(folder: str, paths: Collection[str], reader: ContextReader) -> bool:
    """Say whether all files in a folder of the project are among some paths, or below them."""
    try:
        files = (
            [f"{folder}/{path}" for path in reader.modes(folder, _NOTHING)] if reader.names(folder) else []
        )
    except ContextError:
        return False
    return all(file in paths or any(is_below(file, path) for path in paths) for file in files)


def is_below(path: str, folder: str) -> bool:
    """Say whether a path is in a folder."""
    return folder in (".", "") or path.startswith(f"{folder}/")
