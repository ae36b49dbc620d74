"""Defines what a lock file of conda has: ``conda-lock.yml`` or ``pixi.lock``, which name each file by its address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.package_names import package_name

if TYPE_CHECKING:
    from collections.abc import Mapping

OF_LOCK = "of lock"
"""Where a value has what a lock file of conda says; it is no field of a matrix."""
SUBDIRS = {"amd64": "linux-64", "arm64": "linux-aarch64", "ppc64le": "linux-ppc64le", "s390x": "linux-s390x"}
"""Architecture to conda's name of the platform."""


@dataclass(frozen=True, slots=True)
class CondaLock:
    """The packages of a lock file, which nobody has to solve for again."""

    file: str
    """As the matrix names it."""
    packages: Mapping[str, tuple[str, ...]] = field(hash=False)
    """Platform of conda to the addresses of its files, each with a checksum behind ``#``."""
    pip: tuple[str, ...] = ()
    """What pip is to install beside them: ``name==version``."""
    entries: tuple[str, ...] = field(default=(), repr=False)
    """The packages as an image lists them."""

    def addresses(self, arch: str, listed: tuple[str, ...]) -> tuple[str, ...]:
        """Return the files for an architecture, without those of packages that the image does not list any more."""
        names = {package_name("conda", item) for item in listed}
        urls = self.packages.get(SUBDIRS.get(arch, ""), ())
        return tuple(url for url in urls if name_and_version_of(url)[0] in names)


def name_and_version_of(url: str) -> tuple[str, str]:
    """Return the name and version of the package at an address (docs.conda.io, "Package naming conventions")."""
    file = url.partition("#")[0].rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, _ = file.rsplit("-", 2)
    return name, version


def conda_lock_of(given: Mapping[str, Any]) -> CondaLock | None:
    """Return the lock file that settings of conda have, if any."""
    item = given.get(OF_LOCK)
    return item if isinstance(item, CondaLock) else None
