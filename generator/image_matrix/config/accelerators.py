"""Defines the section ``accelerators``: what belongs to one kind of device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.placeholders import fill, version_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.apt_repositories import AptRepository
    from image_matrix.config.platforms import Platform


@dataclass(frozen=True, slots=True)
class Accelerator:
    """Everything that belongs to one kind of device; ``{version}`` and its parts are not yet replaced."""

    name: str
    description: str = ""
    version: str = ""
    """What its images are built for: of CUDA, ROCm or the like."""
    device: str | None = None
    """What a pod asks for: Kubernetes' extended resource."""
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    apt_repositories: tuple[AptRepository, ...] = ()
    path: tuple[str, ...] = ()
    """Folders that go in front of PATH."""
    env: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[Platform, ...] = ()
    min_driver: str = ""
    """The oldest driver of a node that images for it run with, if the matrix says; see `config.drivers`."""

    def versioned(self, text: str) -> str:
        """Put its version, and the parts of it, into a text."""
        return fill(text, version_parts("version", self.version) if self.version else {})
