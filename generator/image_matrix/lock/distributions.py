"""Knows the Python, the C library, the snapshot service, docker and time zones of each source's distribution."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix, Variant


@dataclass(frozen=True, slots=True)
class Distribution:
    """A release of Debian or Ubuntu."""

    name: str
    """Its name and release, as Posit Package Manager has them: ``debian-13``."""
    python: str
    """Version of the package ``python3``."""
    glibc: str
    """As in wheel tags: ``2_36``. At most 2_40, the newest that uv has a name for."""
    snapshots: bool = True
    """Whether its apt knows archives of one day: 2.7.14 and later do."""
    docker: bool = False
    """Whether it has the packages ``docker-cli`` and ``docker-buildx``."""
    old_zones_apart: bool = False
    """Whether old names of time zones are in ``tzdata-legacy``, which ``tzdata`` does not bring along."""


KNOWN = (
    (r"trixie|debian:?13", Distribution("debian-13", "3.13", "2_40", docker=True, old_zones_apart=True)),
    (r"bookworm|debian:?12", Distribution("debian-12", "3.11", "2_36", snapshots=False)),
    (r"noble|ubuntu:?24\.04", Distribution("ubuntu-24.04", "3.12", "2_39", old_zones_apart=True)),
    (r"jammy|ubuntu:?22\.04", Distribution("ubuntu-22.04", "3.10", "2_35", snapshots=False)),
)
"""What a reference says about itself. Sources: the distributions' pages of python3, libc6, apt, docker and tzdata."""
_BARE = ("debian", "ubuntu")
"""Repositories of distributions themselves: there is nothing in them but apt."""
_WITHOUT_APT = re.compile(
    r"(alpine|ubi|fedora|centos|rockylinux|almalinux|amazonlinux|oraclelinux|opensuse|archlinux|wolfi|busybox)[0-9.]*"
)
"""Words for distributions that have other package managers, in the name of an image or between hyphens in its tag."""
DEFAULT_GLIBC = "2_28"
"""The oldest that current wheels are built for (RHEL 8)."""


def distribution_of(reference: str) -> Distribution | None:
    """Return the distribution that an image reference names."""
    return next((distribution for words, distribution in KNOWN if re.search(words, reference.lower())), None)


def is_bare(reference: str) -> bool:
    """Say whether a reference is the image of a Debian or Ubuntu itself."""
    return _name_and_tag(reference)[0] in _BARE


def without_apt(reference: str) -> str | None:
    """Return the word of a reference for a distribution that has no apt."""
    name, tag = _name_and_tag(reference)
    words = (name, *(name.split("-")[:1]), *tag.split("-"))
    return next((word for word in words if _WITHOUT_APT.fullmatch(word)), None)


def _name_and_tag(reference: str) -> tuple[str, str]:
    """Return the last part of a repository, and the tag."""
    name, _, tag = reference.partition("@")[0].rpartition("/")[2].partition(":")
    return name.lower(), tag.lower()


def python_of(matrix: Matrix, variant: Variant) -> str | None:
    """Return a variant's Python version: its axis, what its chain provides, or what its distribution has."""
    distribution = distribution_of(matrix.sources.get(variant.root_source, ""))
    of_distribution = distribution.python if distribution else None
    return variant.values.get("python") or variant.stated_python or of_distribution


def glibc_of(matrix: Matrix, variant: Variant) -> str:
    """Return the C library version that a variant's wheels must support."""
    distribution = distribution_of(matrix.sources.get(variant.root_source, ""))
    return distribution.glibc if distribution else DEFAULT_GLIBC
