"""Defines what is known of a package in an image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

DOWNLOAD = "download"
"""What installs a file that a Dockerfile fetches."""
PROVIDED = "provides"
"""What says that a program is there that nothing of the matrix installs: ``provides`` of an image or source."""


@dataclass(frozen=True, slots=True)
class PackageName:
    """A package of an image."""

    manager: str
    """What installs it: ``pip``, ``apt``, …, ``download``, or ``provides`` if nothing of the matrix does."""
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """How a package is in an image."""

    versions: Mapping[str, str]
    """Architecture to version; an empty text if neither lock nor list states one."""
    brought_by: str
    """Id of the variant that installs this version: the image itself, or one that it is built on."""
    listed_by: tuple[str, ...] = ()
    """Ids of the variants whose lists name the package, from the base up; none if only other packages need it."""
    locked: bool = False
    """Whether the version is the one of the lock, and not what a list states."""
    archive: str = ""
    """The archive of one day that a version comes from which nothing states: ``CRAN of 2026-11-01``."""
    unexpected: bool = False
    """Whether only the image says that it is there, and neither the matrix nor the lock."""

    @property
    def listed(self) -> bool:
        """Whether the matrix names the package; the others are only needed by those."""
        return bool(self.listed_by)

    @property
    def version(self) -> str:
        """All versions, with ``/`` between them if platforms differ; empty if none is known."""
        return "/".join(sorted({*self.versions.values()}))


Contents: TypeAlias = "Mapping[PackageName, Content]"
"""The packages of an image, its ancestors' included."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is in one variant."""

    contents: Mapping[PackageName, Content] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    """What installs packages that only a lock or the image itself knows, and they are not asked: ``pip``."""
    from_image: bool = False
    """Whether the image itself was asked; otherwise, matrix and lock say what is in it."""
