"""Collects the tests, versions and pins that a variant must pass; children override their ancestors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.extensions import identifier_of
from image_matrix.config.lineage import lineage
from image_matrix.config.model import TEST_KINDS
from image_matrix.config.package_names import package_name
from image_matrix.config.requirement import pinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.model import ImageTests, Manager, Variant


def chain(variants: Mapping[str, Variant], identifier: str) -> list[Variant]:
    """Return a variant's ancestors and itself, the root first."""
    return list(lineage(variants, variants[identifier]))[::-1]


def inherited(line: Iterable[Variant]) -> ImageTests:
    """Return the tests of a chain; a child's test replaces the same test of an ancestor."""
    variants = list(line)
    return {
        kind: {key: expected for item in variants for key, expected in item.tests.get(kind, {}).items()}
        for kind in TEST_KINDS
        if any(item.tests.get(kind) for item in variants)
    }


def provided(line: Iterable[Variant]) -> dict[str, str]:
    """Return what a chain provides: ``python``, ``r`` or a distribution, to its version; the last image wins."""
    return {name: version for item in line for name, version in item.provides.items()}


def pins(line: Iterable[Variant]) -> dict[str, str]:
    """Return the Python distributions that a chain pins with ``==``, for any platform; the last image wins."""
    return {
        package_name("pip", requirement): version
        for item in line
        for requirement in item.packages.get("pip", ())
        if (version := pinned(requirement))
    }


def packages(line: Iterable[Variant]) -> frozenset[str]:
    """Return the names of the Python and conda packages that a chain installs, in any version."""
    managers: tuple[Manager, ...] = ("pip", "conda")
    return frozenset(
        package_name(manager, item).rpartition("::")[2]
        for variant in line
        for manager in managers
        for item in variant.packages.get(manager, ())
    )


def extensions(line: Iterable[Variant]) -> dict[str, str]:
    """Return the extensions that a chain lists, in small letters, to their versions; the last image wins."""
    entries = (item for variant in line for item in variant.packages.get("extensions", ()))
    return {identifier_of(item): item.partition("@")[2] for item in entries}


def version_fits(installed: str, required: str, *, exact: bool) -> bool:
    """Compare versions as PEP 440 does; a local part (``+cpu``) counts only if the requirement has one.

    ``exact`` is for pins (1.0 equals 1.0.0, and ``2.*`` is every 2); otherwise the first parts must be equal.
    """
    from packaging.specifiers import InvalidSpecifier, Specifier
    from packaging.version import InvalidVersion

    series = "" if exact or "+" in required else ".*"
    try:
        return Specifier(f"=={required}{series}").contains(installed, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return installed == required or (not exact and installed.startswith(f"{required}."))
