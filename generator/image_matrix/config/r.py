"""Knows R in a chain of images: what brings it, its kernel and a compiler, and which packages are built from source.

Sources: packages.debian.org/source/trixie/r-base (r-base-core only recommends r-base-dev, which has the compilers);
github.com/IRkernel/IRkernel, "Installation" (the package alone registers no kernel).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.package_names import package_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.config.model import Manager, Variant

_SYSTEM_R = re.compile(r"r-(base|base-core|base-dev|recommended|cran-.+|bioc-.+)")
"""Packages of Debian and Ubuntu that are R, or depend on it."""
KERNELS: dict[Manager, frozenset[str]] = {
    "apt": frozenset({"r-cran-irkernel"}),
    "conda": frozenset({"r-irkernel", "r-essentials"}),
    "cran": frozenset({"IRkernel"}),
}
"""What brings R's kernel for Jupyter, by package manager."""
COMPILERS = frozenset({"r-base-dev", "build-essential", "gcc", "g++", "gfortran", "clang"})
"""Packages of Debian that compile, each by itself enough for some packages."""


def _names(item: Variant, manager: Manager) -> set[str]:
    return {package_name(manager, entry).rpartition("::")[2] for entry in item.packages.get(manager, ())}


def r_manager(item: Variant) -> Manager | None:
    """Return which package manager brings R to an image, by what the image itself lists; ``None`` for none."""
    if any(_SYSTEM_R.fullmatch(name) for name in _names(item, "apt")):
        return "apt"
    return "conda" if any(name.startswith("r-") for name in _names(item, "conda")) else None


def has_r(chain: Iterable[Variant]) -> bool:
    """Say whether the images of a chain list R, or state that it is there."""
    return any(r_manager(item) or "r" in item.provides for item in chain)


def has_r_kernel(chain: Iterable[Variant]) -> bool:
    """Say whether the images of a chain list R's kernel for Jupyter."""
    return any(names & _names(item, manager) for item in chain for manager, names in KERNELS.items())


def has_compiler(chain: Iterable[Variant]) -> bool:
    """Say whether the images of a chain list a compiler of the distribution."""
    return any(COMPILERS & _names(item, "apt") for item in chain)


def is_source(entry: str) -> bool:
    """Say whether an entry of ``cran`` is installed from source, whatever the server has: only CRAN's have binaries.

    ``name@1.0`` comes from CRAN's archive, ``bioc::`` and ``github::`` are built.
    """
    return "@" in entry or "::" in entry


def loadable(item: Variant) -> Iterator[str]:
    """Yield the names of the packages that an image lists in ``cran``.

    What comes from GitHub is left out: a package may have another name than its repository.
    """
    for entry in item.packages.get("cran", ()):
        if not entry.startswith("github::"):
            yield package_name("cran", entry)
