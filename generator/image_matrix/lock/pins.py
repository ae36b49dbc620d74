"""Defines the pins of floating references in the form that rendering and keys need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ExtensionPins:
    """The extensions that a variant adds to those of its ancestors, members of packs included."""

    files: Mapping[str, Mapping[str, str]]
    """``publisher.name@version`` to architecture to the address of the file."""
    floating: tuple[str, ...] = ()
    """What the lock does not know: an extension that is listed, or the name of a member."""


@dataclass(frozen=True, slots=True)
class SystemLibraryPins:
    """The Debian packages that the R packages of a variant need, beside those that its chain lists."""

    packages: Mapping[str, tuple[str, ...]]
    """Debian package to the R packages that need it, as the variant lists them."""
    floating: tuple[str, ...] = ()
    """The R packages that the lock knows nothing of."""


@dataclass(frozen=True, slots=True)
class Pins:
    """The lock's answers; whatever is not in here floats.

    Entries are keyed by the reference or address that they answer, so a changed reference has no stale pin.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    """Image reference to the digest of its index: ``sha256:…``."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """Address of a download or of an extension's file to the SHA-256 of its file, as hexadecimal digits."""
    requirements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Variant id to architecture to the text of a pip requirements file with hashes."""
    explicit: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Variant id to architecture to the text of an explicit conda lock file."""
    extensions: Mapping[str, ExtensionPins] = field(default_factory=dict)
    """Variant id to its extensions, if it lists some."""
    apt_snapshots: Mapping[str, str] = field(default_factory=dict)
    """Name of a source to the apt snapshot that its packages come from: ``20261101T000000Z``."""
    apt_moments: Mapping[str, str] = field(default_factory=dict)
    """Name of a source to the moment that its apt packages are to be as new as, with snapshots and without."""
    cran_snapshot: str | None = None
    """Date of the CRAN snapshot: ``2026-11-01``."""
    refreshed: Mapping[str, str] = field(default_factory=dict)
    """Variant id to the day from which its steps are that nothing locks, if it names an interval."""
    system_libraries: Mapping[str, SystemLibraryPins] = field(default_factory=dict)
    """Variant id to what its R packages need of the distribution, if it lists some that the lock is asked about."""

    users: Mapping[str, str] = field(default_factory=dict)
    """Image reference to the user of its configuration, as far as it is the same on all platforms; empty for root."""

    def pinned(self, reference: str) -> str:
        """Return an image reference with its digest, where it is known."""
        digest = self.digests.get(reference)
        return f"{reference}@{digest}" if digest and "@" not in reference else reference

    licences: Mapping[str, str] = field(default_factory=dict)
    """``name==version`` of Python packages to an expression of SPDX, as far as the lock has them."""
