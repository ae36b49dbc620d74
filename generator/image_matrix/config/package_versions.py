"""Computes the versions that an entry of a package list allows, by PEP 440."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.config import requirement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from packaging.specifiers import SpecifierSet

    from image_matrix.config.model import Manager

_CONDA = re.compile(r"[^=<>!]+?\s*(==?)\s*([0-9][A-Za-z0-9._+]*?)(?:\.\*)?(?:=.*)?")


@dataclass(frozen=True, slots=True)
class VersionRange:
    """The versions that a line allows."""

    versions: SpecifierSet
    pin: str | None = None
    """The one version, or the start of it, where the line names one."""


@cache
def pip_versions(line: str) -> VersionRange | None:
    """Return the versions that a requirement allows; one with a marker may not be meant for this variant."""
    from packaging.requirements import InvalidRequirement

    try:
        parsed = requirement.parse(line)
    except InvalidRequirement:
        return None
    if parsed.marker or not parsed.specifier:
        return None
    return VersionRange(parsed.specifier, requirement.pinned(line))


@cache
def conda_versions(line: str) -> VersionRange | None:
    """Return the versions that a specification pins, by their numbers: behind one `=` is the start of a version."""
    from packaging.specifiers import SpecifierSet

    match = _CONDA.fullmatch(line)
    if match is None:
        return None
    numbers = re.match(r"[0-9]+(\.[0-9]+)*", match[2])[0]  # type: ignore[index]
    series = match[1] == "=" or "*" in line or numbers != match[2]
    return VersionRange(SpecifierSet(f"=={numbers}{'.*' if series else ''}"), match[2])


def exclude(one: VersionRange, other: VersionRange) -> bool:
    """Say whether no version is allowed by both."""
    return (one.versions & other.versions).is_unsatisfiable()


READERS: Mapping[Manager, Callable[[str], VersionRange | None]] = {
    "pip": pip_versions,
    "conda": conda_versions,
}
