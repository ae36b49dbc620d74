"""Defines the lock as data; :mod:`image_matrix.lock.text` reads and writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.extensions import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
ARCHITECTURES = ("amd64", "arm64")


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How the image of a source runs, as far as it matters to images that are built from it."""

    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    workdir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The variables of paths and of the user: PATH, HOME, CONDA_DIR, NB_USER, …"""


@dataclass(frozen=True, slots=True)
class LockedSource:
    """The target of an image reference."""

    digest: str
    """``sha256:…`` of the index."""
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Platform to the digest of its manifest, as far as they are known."""
    offers: tuple[str, ...] | None = None
    """All platforms that it has; ``None`` if they are not known."""
    configs: Mapping[str, SourceConfig] = field(default_factory=dict)
    """Platform to the configuration of its image, as far as it is known."""
    apt: tuple[str, ...] | None = None
    """The addresses in the lists of its apt; ``None`` if they are not known."""


@dataclass(frozen=True, slots=True)
class LockedPackages:
    """The packages that a variant adds to those of its ancestors."""

    inputs: str
    """Fingerprint of the request; the entry is stale if the current request has another one."""
    packages: Mapping[str, tuple[str, ...]]
    """Architecture to what is installed: ``name==version`` for pip, addresses for conda."""

    @property
    def items(self) -> frozenset[str]:
        """All of it, whatever the architecture."""
        return frozenset(item for items in self.packages.values() for item in items)


@dataclass(frozen=True, slots=True)
class LockedExtension:
    """What the files of an extension say."""

    files: Mapping[str, str]
    """Architecture, or ``all``, to the address of the file."""
    engine: str = ""
    """The versions of Visual Studio Code that it runs on: ``^1.95.0``."""
    needs: tuple[str, ...] = ()
    """The members of the pack and the extensions that it depends on, by name; the gallery has all of them."""

    def address(self, arch: str) -> str | None:
        """Return the address of an architecture's file, if there is one."""
        return self.files.get(arch) or self.files.get(EVERYWHERE)


@dataclass(frozen=True, slots=True)
class LockedR:
    """What the server of R packages knows of a distribution."""

    binaries: tuple[str, ...]
    """The architectures that it has binaries for."""
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """R package to the Debian packages that it needs, those of its dependencies included."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A whole lock."""

    sources: Mapping[str, LockedSource] = field(default_factory=dict)
    """By image reference."""
    downloads: Mapping[str, str] = field(default_factory=dict)
    """Address to the SHA-256 of the file."""
    apt: Mapping[str, str] = field(default_factory=dict)
    """Name of a source to the moment that its apt packages are to be as new as: ``20261101T000000Z``.

    With snapshots, it is a moment of the snapshot service, and every source has one. Without, a source has none until
    a released image has an update.
    """
    cran: str | None = None
    """Day of the CRAN snapshot: ``2026-11-01``."""
    python: Mapping[str, LockedPackages] = field(default_factory=dict)
    """By variant id."""
    conda: Mapping[str, LockedPackages] = field(default_factory=dict)
    """By variant id."""
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """``name==version`` to its files: wheel tag, or ``sdist``, to SHA-256."""
    licences: Mapping[str, str] = field(default_factory=dict)
    """``name==version`` of Python packages to an expression of SPDX; only where a policy is about licences."""
    extensions: Mapping[str, LockedExtension] = field(default_factory=dict)
    """``publisher.name@version`` to its files, whose checksums are among ``downloads``."""
    r: Mapping[str, LockedR] = field(default_factory=dict)
    """By distribution: ``debian-13``."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Installer (``pip``, ``npm``; ``python`` for uv's Pythons) to the address that it has by itself."""
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Scheme and host to those that it sends requests on to."""
    refreshed: Mapping[str, str] = field(default_factory=dict)
    """Variant id to the day from which the steps are that nothing locks: ``2026-11-30``."""
