"""Tells by the lock what the R packages of a variant need of the distribution, beside what its chain lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.package_names import package_name
from image_matrix.lock.distributions import distribution_of
from image_matrix.lock.model import LockedR
from image_matrix.lock.pins import SystemLibraryPins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.lock.model import Lock

NOTHING = LockedR(())


def r_distribution(matrix: Matrix, variant: Variant) -> str | None:
    """Return the distribution that a variant's R packages are for; ``None`` if its source does not say it."""
    distribution = distribution_of(matrix.sources.get(variant.root_source, ""))
    return distribution.name if distribution else None


def asked_packages(variant: Variant) -> dict[str, str]:
    """Return the entries of ``cran`` whose needs the lock is asked for, with the names of the packages.

    The server knows CRAN's; what comes from Bioconductor or GitHub is found by the build, which loads it.
    """
    if variant.build is not None or variant.system_libraries == "none":
        return {}
    entries = variant.packages.get("cran", ())
    return {entry: package_name("cran", entry) for entry in entries if "::" not in entry}


def system_library_pins(lock: Lock, loaded: Loaded) -> dict[str, SystemLibraryPins]:
    """Return what each variant with such packages installs for them, and what the lock does not know."""
    pins = {}
    for variant in loaded.variants.values():
        names, distribution = asked_packages(variant).values(), r_distribution(loaded.matrix, variant)
        if names and distribution:
            locked = lock.r.get(distribution, NOTHING)
            floating = tuple(name for name in names if name not in locked.needs)
            needed = _needed({name: locked.needs.get(name, ()) for name in names})
            listed = _listed(loaded.variants, variant)
            needed = {package: users for package, users in needed.items() if package not in listed}
            pins[variant.id] = SystemLibraryPins(needed, floating)
    return pins


def _needed(needs: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Turn what each R package needs into who needs each Debian package."""
    packages = sorted({package for items in needs.values() for package in items})
    return {package: tuple(name for name, items in needs.items() if package in items) for package in packages}


def _listed(variants: Mapping[str, Variant], variant: Variant) -> set[str]:
    """Return the Debian packages that the images of a chain list."""
    chain = lineage(variants, variant)
    return {package_name("apt", entry) for one in chain for entry in one.packages.get("apt", ())}
