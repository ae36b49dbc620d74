"""Names images after Dockerfiles: `Dockerfile`, `Dockerfile.cuda`, `cuda.Dockerfile`, `Containerfile`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.importing.sources import image_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_DOCKERFILE = re.compile(
    r"(?P<before>.+)\.(?:docker|container)file|(?:docker|container)file(?:[._-](?P<after>.+))?", re.IGNORECASE
)
_NOT_ONE = re.compile(
    r"\.(?:dockerignore|containerignore|j2|jinja2?|tmpl|tpl|template|in|md|bak|orig|rej|sw[op])$|~$"
)
"""Ends of names of files beside Dockerfiles: what they are made from, what is ignored, copies of editors."""
PLAIN = ("Dockerfile", "Containerfile")
LOOKED_FOR = "`Dockerfile`, `Dockerfile.NAME` or `NAME.Dockerfile`, or a `Containerfile`"


def looks_like_one(name: str) -> bool:
    """Say whether a file's name is that of a Dockerfile."""
    return _DOCKERFILE.fullmatch(name) is not None and not _NOT_ONE.search(name)


def images_of(names: Iterable[str], folder: str, *, named: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the files that become images, with the images' names, and those that are left out.

    A plain Dockerfile is the image of its folder; files beside it are rather its variants, and are left out. So is
    the only file. Of several, each is an image of the part of its name that tells it from the others. ``folder`` is the
    name of the folder; the names of its images start with it unless users ``named`` the folder itself.
    """
    dockerfiles = sorted(name for name in names if looks_like_one(name))
    main = next(
        (name for name in PLAIN if name in dockerfiles), dockerfiles[0] if len(dockerfiles) == 1 else None
    )
    if main:
        return {main: image_name(folder)}, tuple(name for name in dockerfiles if name != main)
    images: dict[str, str] = {}
    for name in dockerfiles:
        image = image_name(_part(name) if named else f"{folder}-{_part(name)}")
        if image not in images.values():
            images[name] = image
    return images, tuple(name for name in dockerfiles if name not in images)


def _part(name: str) -> str:
    match = _DOCKERFILE.fullmatch(name)
    return (match["before"] or match["after"] or "") if match else ""
