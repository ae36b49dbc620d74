"""Names images after Dockerfiles: `Dockerfile`, `Dockerfile.cuda`, `cuda.Dockerfile`, `Containerfile`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.source_names import image_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DOCKERFILE = re.compile(
    r"(?P<before>.+)\.(?:docker|container)file|(?:docker|container)file(?:[._-](?P<after>.+))?", re.IGNORECASE
)
_TEMPLATE = re.compile(r"\.(?:j2|jinja2?|tmpl|tpl|template|in|erb)$", re.IGNORECASE)
_OTHER_FILE = re.compile(
    r"\.(?:(?:docker|container)ignore|py[co]?|sh|[jt]sx?|go|rb|json|ya?ml|toml|txt|md|rst|html|ipynb|lock|log|pdf|png|jpe?g|svg"
    r"|gz|zip|bak|old|orig|rej|sw[op])$|~$",
    re.IGNORECASE,
)
"""Ends of names of files beside Dockerfiles: what is about them or ignored, and copies of editors."""
_FROM = re.compile(r"^\s*FROM\s", re.IGNORECASE | re.MULTILINE)
NOT_SEARCHED = ("__pycache__", "node_modules")
"""Folders of other programs; those whose names start with a dot are not searched, either."""
PLAIN = ("Dockerfile", "Containerfile")
LOOKED_FOR = "`Dockerfile`, `Dockerfile.NAME` or `NAME.Dockerfile`, or a `Containerfile`"


@dataclass(frozen=True, slots=True)
class NamedDockerfiles:
    """What the names of the files in a folder say."""

    images: Mapping[str, str]
    """File to the name of its image."""
    others: tuple[str, ...]
    """What cannot be told to be an image: variants of one, and templates."""


def is_dockerfile(name: str, text: str) -> bool:
    """Say whether a file with the name of a Dockerfile is one: files with an ending may be something else."""
    return name in PLAIN or _FROM.search(text) is not None


def images_of(names: Iterable[str], folder: str, *, named: bool) -> NamedDockerfiles:
    """Return which files of a folder become images.

    A plain Dockerfile is the image of its folder; files beside it are rather its variants. So is
    the only file. Of several, each is an image of the part of its name that tells it from the others. ``folder`` is the
    name of the folder; the names of its images start with it unless users ``named`` the folder itself.
    """
    every = sorted(name for name in names if _DOCKERFILE.fullmatch(name) and not _OTHER_FILE.search(name))
    dockerfiles = [name for name in every if not _TEMPLATE.search(name)]
    plain = [name for one in PLAIN for name in dockerfiles if name.lower() == one.lower()]
    if main := next(iter(plain), dockerfiles[0] if len(dockerfiles) == 1 else None):
        images = {main: image_name(folder)}
    else:
        images = {name: _image_of(_part(name), folder, named=named) for name in dockerfiles}
    return NamedDockerfiles(images, tuple(name for name in every if name not in images))


def _image_of(part: str, folder: str, *, named: bool) -> str:
    # a name starts with a letter: alone, `3.11-slim` and `3.12-slim` would both be `slim`
    return image_name(part if named and part[:1].isalpha() else f"{folder}-{part}")


def _part(name: str) -> str:
    match = _DOCKERFILE.fullmatch(name)
    return (match["before"] or match["after"] or "") if match else ""
