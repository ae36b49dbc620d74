"""Computes fingerprints of requests: an entry of the lock is valid while its request has the same fingerprint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.conda import conda_packages
from image_matrix.config.lineage import ancestors
from image_matrix.lock.distributions import glibc_of, python_of
from image_matrix.lock.model import ARCHITECTURES, LockedPackages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager, Matrix, Variant

FORMAT = "1"
"""Version of the resolvers' results: if it increases, every entry is resolved again."""
DIGITS = 16
NVIDIA = "nvidia.com/"
"""The domain of the devices that CUDA is for."""


def fingerprint(*parts: object) -> str:
    """Return a short digest of plain data."""
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()[:DIGITS]


def requested(variant: Variant, manager: Manager) -> tuple[str, ...]:
    """Return the packages that a variant requests from a package manager, what makes a Python of conda included."""
    if manager != "conda":
        return variant.packages.get(manager, ())
    # in an image of somebody else, the conda that is there solves them, with what it has installed
    return () if variant.foreign else conda_packages(variant)


@dataclass(frozen=True, slots=True)
class PackagesRequest:
    """A variant's request to a package manager."""

    manager: Manager
    requirements: tuple[str, ...]
    python: str | None
    glibc: str
    indexes: tuple[str, ...] | None
    """The indexes that are used: ``default ADDRESS`` in place of the default one, and those beside it.

    For conda, the channels.
    """
    parents: Mapping[str, tuple[str, ...]]
    """What its ancestors have, for each of its architectures."""
    cuda: str | None = None
    """The version of CUDA that packages of conda may ask for."""

    @property
    def inputs(self) -> str:
        """Return the fingerprint of the request in the lock."""
        return fingerprint(
            FORMAT,
            self.manager,
            self.requirements,
            self.python,
            self.glibc,
            self.indexes,
            [(arch, sorted(self.parents[arch])) for arch in sorted(self.parents)],
            *([self.cuda] if self.cuda else []),
        )


def packages_request(
    matrix: Matrix, variant: Variant, manager: Manager, parents: Mapping[str, tuple[str, ...]]
) -> PackagesRequest:
    """Return a variant's request; ``parents`` are the packages of its ancestors, by architecture."""
    return PackagesRequest(
        manager,
        requested(variant, manager),
        python_of(matrix, variant),
        glibc_of(matrix, variant),
        _indexes(variant) if manager == "pip" else variant.channels,
        {arch: parents.get(arch, ()) for arch in variant.archs},
        cuda_of(matrix, variant) if manager == "conda" else None,
    )


def _indexes(variant: Variant) -> tuple[str, ...] | None:
    first = (f"default {variant.index_url}",) if variant.index_url else ()
    return (*first, *variant.extra_index_urls) or None


def cuda_of(matrix: Matrix, variant: Variant) -> str | None:
    """Return the version of CUDA that a variant is for: that of an accelerator whose device is NVIDIA's."""
    item = matrix.accelerators.get(variant.accelerator or "")
    return item.version or None if item and (item.device or "").startswith(NVIDIA) else None


def packages_inputs(
    matrix: Matrix, variant: Variant, manager: Manager, parents: Mapping[str, tuple[str, ...]]
) -> str:
    """Return the fingerprint of a variant's request."""
    return packages_request(matrix, variant, manager, parents).inputs


def still_answers(
    loaded: Loaded,
    old: Mapping[str, LockedPackages],
    locked: Mapping[str, LockedPackages],
    variant: Variant,
    manager: Manager,
) -> LockedPackages | None:
    """Return a variant's entry for today's architectures, where it is for today's request.

    One that was made for more architectures does: each is resolved for itself. ``old`` is the lock's section,
    ``locked`` has what today's ancestors are locked to.
    """
    entry = old.get(variant.id)
    today = packages_request(
        loaded.matrix, variant, manager, inherited_packages(loaded.variants, locked, variant)
    )
    if entry is None or entry.inputs == today.inputs:
        return entry
    wide = replace(today, parents=inherited_packages(loaded.variants, old, variant, ARCHITECTURES))
    same = all(sorted(wide.parents[arch]) == sorted(items) for arch, items in today.parents.items())
    if not same or entry.inputs != wide.inputs:
        return None
    return LockedPackages(today.inputs, {arch: entry.packages.get(arch, ()) for arch in variant.archs})


def inherited_packages(
    variants: Mapping[str, Variant],
    locked: Mapping[str, LockedPackages],
    variant: Variant,
    archs: tuple[str, ...] = (),
) -> dict[str, tuple[str, ...]]:
    """Return the packages of a variant's ancestors, for its architectures or for others."""
    packages: dict[str, tuple[str, ...]] = dict.fromkeys(archs or variant.archs, ())
    for above in ancestors(variants, variant):
        entry = locked.get(above.id)
        if entry:
            packages = {arch: (*entry.packages.get(arch, ()), *items) for arch, items in packages.items()}
    return packages
