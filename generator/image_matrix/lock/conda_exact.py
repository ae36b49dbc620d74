"""Takes the packages of conda from a lock file that the matrix names, in place of an entry of its own lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.lock.fingerprint import inherited_packages
from image_matrix.lock.model import LockedPackages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.conda_lock import CondaLock
    from image_matrix.config.model import Variant

NO_INPUTS = ""
"""Nothing makes it stale: the file is the lock."""


def exact(
    variants: Mapping[str, Variant], variant: Variant, file: CondaLock, locked: Mapping[str, LockedPackages]
) -> LockedPackages:
    """Return what a variant adds to its ancestors, of which ``locked`` has the packages."""
    inherited = inherited_packages(variants, locked, variant)
    listed = variant.packages.get("conda", ())
    packages = {
        arch: tuple(url for url in file.addresses(arch, listed) if url not in inherited[arch])
        for arch in variant.archs
    }
    return LockedPackages(NO_INPUTS, packages)
