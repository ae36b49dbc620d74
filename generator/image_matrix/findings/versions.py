"""Compares versions of packages with those that mend a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.inventory.debian_versions import DebianBound

if TYPE_CHECKING:
    from collections.abc import Collection


def reaches(installer: str, version: str, fixed: Collection[str]) -> bool:
    """Say whether a version is at least one that mends a finding.

    A finding that is mended in several lines of versions, such as 1.26.17 and 2.0.6, is mended from the one on whose
    first number is that of the version. Versions of apt are compared as dpkg does; others that are not of Python's
    form (packaging.python.org, "Version specifiers") only for being the same.
    """
    from packaging.version import Version

    if version in fixed:
        return True
    if installer == "apt":
        return bool(fixed) and all(DebianBound(">=", one).admits(version) for one in fixed)
    try:
        current, fixes = Version(version), [Version(one) for one in fixed]
    except ValueError:  # no version, or a number of more digits than Python reads
        return False
    line = [one for one in fixes if one.major == current.major]
    return current >= min(line) if line else bool(fixes) and current >= max(fixes)


def admits(installer: str, entry: str, stated: str, fixed: Collection[str]) -> bool:
    """Say whether an entry of a list allows one of the versions that mend a finding.

    ``stated`` is the version or bounds in the entry. Bounds that only the installer can read count as if they did.
    """
    if installer == "pip":
        return _pip_admits(entry, fixed)
    if not stated or any(sign in stated for sign in "<>|,!*~^ "):
        return True
    return any(one == stated or one.startswith(f"{stated}.") for one in fixed)


def _pip_admits(entry: str, fixed: Collection[str]) -> bool:
    from packaging.requirements import Requirement
    from packaging.version import Version

    try:
        requirement = Requirement(entry)
        versions = [Version(one) for one in fixed]
    except ValueError:  # neither is one, or a number has more digits than Python reads
        return True
    return not requirement.url and any(
        requirement.specifier.contains(one, prereleases=True) for one in versions
    )
