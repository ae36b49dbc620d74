"""Defines the section ``downloads``: files that Dockerfiles fetch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.placeholders import fill, version_parts
from image_matrix.config.platforms import MACHINES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Download:
    """A file that Dockerfiles fetch; the placeholders in its address are not yet replaced."""

    name: str
    version: str
    url: str
    arch: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    """Architecture (amd64, arm64) to checksum, as far as the matrix gives them."""
    sha512: Mapping[str, str] = field(default_factory=dict)
    to: str | None = None
    executable: bool = True
    """Whether the file at ``to`` is a program."""
    unpack: str | None = None
    strip: int = 0
    deb: bool = False

    def checksum(self, arch: str) -> str | None:
        """Return the checksum that the matrix gives for the file of an architecture, by either algorithm."""
        return self.sha512.get(arch) or self.sha256.get(arch)

    def address(self, arch: str) -> str:
        """Return the address for an architecture (``amd64``, ``arm64``)."""
        values = {
            **version_parts("version", self.version),
            "arch": self.arch.get(arch, arch),
            "machine": MACHINES.get(arch, arch),
        }
        return fill(self.url, values)
