"""Defines the files of a project that an image copies or runs when it is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.dockerfile_build import Entry


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """What ``files`` and ``scripts`` of one image name."""

    folder: str = ""
    """The absolute path of the project on this machine; empty if it is read from git."""
    entries: Callable[[], Mapping[str, Entry]] = field(default=dict, repr=False)
    """Returns the files by their paths in the project."""


NO_IMAGE_FILES: Mapping[str, ImageFiles] = MappingProxyType({})
