"""Describes an image that adds packages to its parent, as it is written into a matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Package:
    """An entry of a list of packages."""

    text: str
    """In the installer's syntax."""
    comment: str = ""
    """What is written beside it, without ``#``."""


@dataclass(frozen=True, slots=True)
class PackageImage:
    """An image of the matrix without a kind, made of lists."""

    start: str
    """What it is built ``from``."""
    packages: Mapping[str, tuple[Package, ...]]
    """Installer to its list."""
    description: str = ""
    extra_index_urls: tuple[str, ...] = ()
    """Indexes of pip."""
    index_url: str | None = None
    """Its index in place of the default one."""
    channels: tuple[str, ...] = ()
    """Channels of conda."""
    conda_file: str | None = None
    """The lock file that has its packages of conda, relative to the matrix."""


@dataclass(frozen=True, slots=True)
class ImportedImage:
    """An image that is added to a matrix, with what it needs."""

    name: str
    image: PackageImage
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was not carried over, and what remains to be done."""


def packages_of(texts: Iterable[str]) -> tuple[Package, ...]:
    """Return entries without comments, each once."""
    return tuple(Package(text) for text in dict.fromkeys(texts))


def summary(image: PackageImage) -> str:
    """Return one line: the parent and the packages."""
    lists = (
        f"{installer} {', '.join(item.text for item in items)}"
        for installer, items in image.packages.items()
        if items
    )
    files = (f"conda files {image.conda_file}",) if image.conda_file else ()
    return "; ".join((f"from {image.start}", *files, *lists))
