"""Knows the Python, the C library and the snapshot service of each source's distribution."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix, Variant


@dataclass(frozen=True, slots=True)
class Distribution:
    """A release of Debian or Ubuntu."""

    python: str
    """Version of the package ``python3``."""
    glibc: str
    """As in wheel tags: ``2_36``. At most 2_40, the newest that uv has a name for."""


KNOWN = (
    (r"trixie|debian:?13", Distribution("3.13", "2_40")),
    (r"bookworm|debian:?12", Distribution("3.11", "2_36")),
    (r"noble|ubuntu:?24\.04", Distribution("3.12", "2_39")),
    (r"jammy|ubuntu:?22\.04", Distribution("3.10", "2_35")),
)
"""What a reference says about itself. Sources: the distributions' package pages of python3 and libc6."""
DEFAULT_GLIBC = "2_28"
"""The oldest that current wheels are built for (RHEL 8)."""


def distribution_of(reference: str) -> Distribution | None:
    """Return the distribution that an image reference names."""
    return next((distribution for words, distribution in KNOWN if re.search(words, reference.lower())), None)


def python_of(matrix: Matrix, variant: Variant) -> str | None:
    """Return a variant's Python version: its axis, what it or its source provides, or what its distribution has."""
    distribution = distribution_of(matrix.sources.get(variant.root_source, ""))
    provided = variant.provides.get("python") or matrix.provided.get(variant.root_source, {}).get("python")
    return variant.values.get("python") or provided or (distribution.python if distribution else None)


def glibc_of(matrix: Matrix, variant: Variant) -> str:
    """Return the C library version that a variant's wheels must support."""
    distribution = distribution_of(matrix.sources.get(variant.root_source, ""))
    return distribution.glibc if distribution else DEFAULT_GLIBC
