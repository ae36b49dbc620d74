"""What was asked, as a digest: an entry of the lock is good as long as this is what it was."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors
from image_matrix.lock.distributions import glibc_of, python_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.lock.model import LockedPackages

FORMAT = "1"
"""Goes up when the same question would get another kind of answer; every entry is then made anew."""
DIGITS = 16


def fingerprint(*parts: object) -> str:
    """Return a short digest of plain data."""
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()[:DIGITS]


def asked(variant: Variant, manager: Manager) -> tuple[str, ...]:
    """Return what a variant asks a package manager for, an interpreter from conda included."""
    listed = variant.packages.get(manager, ())
    python = variant.values.get("python")
    if manager == "conda" and variant.parent is None and variant.python_provider == "conda" and python:
        return (f"python={python}", *listed)
    return listed


def packages_inputs(
    matrix: Matrix, variant: Variant, manager: Manager, parents: Mapping[str, tuple[str, ...]]
) -> str:
    """Return the digest of a variant's question; ``parents`` is what its ancestors have, by architecture."""
    return fingerprint(
        FORMAT,
        manager,
        asked(variant, manager),
        python_of(matrix, variant),
        glibc_of(matrix, variant),
        (variant.extra_index_urls or None) if manager == "pip" else None,
        [(arch, sorted(parents.get(arch, ()))) for arch in sorted(variant.archs)],
    )


def beneath(
    variants: Mapping[str, Variant], locked: Mapping[str, LockedPackages], variant: Variant
) -> dict[str, tuple[str, ...]]:
    """Return what a variant's ancestors have, by architecture."""
    found: dict[str, tuple[str, ...]] = dict.fromkeys(variant.archs, ())
    for above in ancestors(variants, variant):
        own = locked.get(above.id)
        if own:
            found = {arch: (*own.packages.get(arch, ()), *items) for arch, items in found.items()}
    return found
