"""Names the paths of a project that image-matrix reads and writes: an image that has them changes with every build."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.context_reader import GIT, ContextError, is_ignored, is_outside
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
    from image_matrix.dockerfiles.ignore import Ignore

IMAGES = posixpath.dirname(BAKE_FILE)
"""The folder of the generated Dockerfiles."""
_NOTHING = read_ignore("")
_ANY_FILE = "any-file"
"""Stands for each file of a folder."""


def generated_below(folder: str, variants: Iterable[Variant]) -> list[str]:
    """Return the generated files and folders in a folder of the project, by their paths in the project."""
    generated = [
        MANIFEST, BAKE_FILE, ROOTFS, PAGE, CATALOG, "deploy", ".github/workflows", ".github/actions",
        *(item.folder for item in variants if item.build is None),
    ]  # fmt: skip
    return [path for path in generated if is_below(path, folder)]


def changing_below(folder: str, variants: Iterable[Variant], reader: ContextReader) -> list[str]:
    """Return what changes in a folder of the project for other reasons than its images, by the paths in that folder.

    This is what image-matrix reads and writes, and git's own folder.
    """
    git = [GIT] if GIT in (reader.names(folder) or ()) else []
    read = [path for path in reader.matrix_files if not is_outside(path) and is_below(path, folder)]
    every = (*read, *generated_below(folder, variants))
    return list(dict.fromkeys((*git, *(posixpath.relpath(path, folder) for path in every))))


def changing_and_sent(
    folder: str, variants: Iterable[Variant], reader: ContextReader, ignore: Ignore
) -> list[str]:
    """Return what of :func:`changing_below` a build of the folder gets.

    The folder of all generated Dockerfiles stands for them if nothing else is in it: it has those of later images, too.
    """
    every = changing_below(folder, variants, reader)
    sent = [path for path in every if not _is_left_out(folder, path, reader, ignore)]
    whole = posixpath.relpath(IMAGES, folder)
    at = next((at for at, path in enumerate(sent) if is_below(path, whole)), None)
    if at is not None and is_below(IMAGES, folder) and _has_only(whole, folder, every, reader):
        sent = [*sent[:at], whole, *(path for path in sent[at:] if not is_below(path, whole))]
    return sent


def _is_left_out(folder: str, path: str, reader: ContextReader, ignore: Ignore) -> bool:
    """Say whether a build gets nothing of a path in a folder; `deploy/**` leaves out all but the folder itself."""
    if is_ignored(ignore, path):
        return True
    has_files = reader.mode(posixpath.normpath(posixpath.join(folder, path))) is None
    return has_files and is_ignored(ignore, f"{path}/{_ANY_FILE}")


def _has_only(inner: str, folder: str, paths: Collection[str], reader: ContextReader) -> bool:
    """Say whether all files in a folder below another one are among some paths of that one, or below them."""
    place = posixpath.normpath(posixpath.join(folder, inner))
    try:
        files = [f"{inner}/{path}" for path in reader.modes(place, _NOTHING)] if reader.names(place) else []
    except ContextError:
        return False
    return all(file in paths or any(is_below(file, path) for path in paths) for file in files)


def is_below(path: str, folder: str) -> bool:
    """Say whether a path is in a folder."""
    return folder in (".", "") or path.startswith(f"{folder}/")
