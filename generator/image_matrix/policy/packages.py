"""Finds packages that a policy does not allow: those that the matrix lists, and those that the lock has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from image_matrix.config import requirement
from image_matrix.config.model import LOCKED_MANAGERS, MANAGERS
from image_matrix.config.package_names import folded, package_name
from image_matrix.config.package_versions import conda_versions
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.locked_versions import locked_packages
from image_matrix.policy.violation import Violation, refusals
from image_matrix.policy.wildcards import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.specifiers import SpecifierSet

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager, Variant
    from image_matrix.config.policy import Policy
    from image_matrix.diagnostics import Path
    from image_matrix.lock.pins import Pins

_ENTRY = re.compile(r"(?P<name>@?[^<>=!~@\s]+) *(?P<versions>[<>=!~].*)?")
_SINGLE = re.compile(r"(?<![<>=!~])=(?!=)")
"""One `=`, which conda and npm write for `==`."""
_VERSION = re.compile(r"v?[0-9][0-9A-Za-z.+!_-]*")


@dataclass(frozen=True, slots=True)
class PackageUse:
    """A package of an image."""

    manager: Manager
    name: str
    version: str | None
    """``None``: it is not known before the build."""
    path: Path
    """Where the matrix asks for it, or for what brings it."""
    listed: bool
    """Whether the matrix lists it; else it comes with another one."""


def package_uses(loaded: Loaded, pins: Pins, variant: Variant) -> Iterator[PackageUse]:
    """Yield the packages that a variant adds, at its lines; of a package that the lock has, with that version."""
    locked: dict[tuple[Manager, str], set[str]] = {}
    for manager, name, version in _locked(pins, variant):
        locked.setdefault((manager, name), set()).add(version)
    for manager in MANAGERS:
        for line, path in requirement_lines(loaded, variant, manager):
            name = package_name(manager, line)
            if (manager, name) not in locked:
                yield PackageUse(manager, name, stated_version(manager, line), path, listed=True)
    yield from _system_libraries(loaded, pins, variant)
    for (manager, name), versions in locked.items():
        path, is_listed = place_of_package(loaded, variant, manager, name)
        for version in sorted(versions):
            yield PackageUse(manager, name, version, path, is_listed)


def _system_libraries(loaded: Loaded, pins: Pins, variant: Variant) -> Iterator[PackageUse]:
    """Yield the Debian packages that the lock adds for R packages, at the line of one that needs them."""
    added = pins.system_libraries.get(variant.id)
    for name, users in added.packages.items() if added else ():
        path, _ = place_of_package(loaded, variant, "cran", users[0])
        yield PackageUse("apt", name, None, path, listed=False)


def _locked(pins: Pins, variant: Variant) -> Iterator[tuple[Manager, str, str]]:
    yield from locked_packages(pins, variant)
    extensions = pins.extensions.get(variant.id)
    for entry in extensions.files if extensions else ():
        name, _, version = entry.partition("@")
        yield "extensions", name.lower(), version


def place_of_package(loaded: Loaded, variant: Variant, manager: Manager, name: str) -> tuple[Path, bool]:
    """Return where a package of a variant is listed, and that it is; else the list that brings it."""
    lines = list(requirement_lines(loaded, variant, manager))
    listed = next((path for line, path in lines if package_name(manager, line) == name), None)
    if listed is not None:
        return listed, True
    of_image: Path = ("images", variant.image, manager)
    if loaded.documents.has(of_image):
        return of_image, False
    return next((path for _, path in lines), ("images", variant.image)), False


def stated_version(manager: Manager, line: str) -> str | None:
    """Return the one version that an entry of a list names; ``None`` for a range, or none."""
    if manager == "pip":
        return _pinned(line)
    if manager == "conda":
        versions = conda_versions(line)
        return versions.pin if versions else None
    if manager == "apt":
        return line.partition("=")[2] or None
    version = line[1:].partition("@")[2]
    return version if _VERSION.fullmatch(version) else None


def _pinned(line: str) -> str | None:
    clauses = [*requirement.parse(line).specifier]
    single = len(clauses) == 1 and clauses[0].operator in ("==", "===")
    return clauses[0].version if single and not clauses[0].version.endswith(".*") else None


def refused_packages(policy: Policy, loaded: Loaded, pins: Pins, today: str) -> Iterator[Violation]:
    """Yield the packages that are denied, or that are not among the allowed ones."""
    for variant in loaded.variants.values() if policy.packages else ():
        for use in package_uses(loaded, pins, variant):
            lists = policy.packages.get(use.manager)
            for refusal in refusals(lists, partial(fits_package, use), today) if lists else ():
                brought = "" if use.listed else f", which comes with other packages of `{variant.image}`,"
                version = f" {use.version}" if use.version else ""
                what = f"the package `{use.name}`{version} ({use.manager}){brought}"
                place = loaded.documents.place(use.path)
                advice = "take another version or package" if use.listed else "change what needs it"
                yield Violation(
                    rules.REFUSED_PACKAGE, place, f"{use.manager}:{use.name}", what, refusal, advice
                )


def unpinned_packages(policy: Policy, loaded: Loaded, today: str) -> Iterator[Violation]:
    """Yield the packages that are listed without one version, where a policy denies that."""
    for variant in loaded.variants.values() if policy.floating.deny else ():
        for manager in (*LOCKED_MANAGERS, "npm", "extensions"):
            for line, path in requirement_lines(loaded, variant, manager):
                if stated_version(manager, line) is not None or " @ " in line:
                    continue
                name = package_name(manager, line)
                for refusal in refusals(policy.floating, "unpinned".__eq__, today):
                    what = f"the package `{name}` ({manager}) is listed without one version, which"
                    place = loaded.documents.place(path)
                    advice = f"write one version: `{_with_version(manager, name)}`"
                    yield Violation(rules.FLOATS, place, f"unpinned:{manager}:{name}", what, refusal, advice)


def _with_version(manager: Manager, name: str) -> str:
    return f"{name}{ {'pip': '==', 'conda': '='}.get(manager, '@') }VERSION"


def fits_package(use: PackageUse, entry: str) -> bool:
    """Say whether an entry means a package; one with versions means nothing whose version is not known."""
    match = _ENTRY.fullmatch(entry)
    if match is None or not _named(match["name"], use):
        return False
    if match["versions"] is None:
        return True
    return use.version is not None and _contains(_versions(match["versions"]), use.version)


def _named(pattern: str, use: PackageUse) -> bool:
    if use.manager in LOCKED_MANAGERS:
        return matches(folded(pattern), folded(use.name))
    return matches(pattern.lower() if use.manager == "extensions" else pattern, use.name)


@cache
def _versions(text: str) -> SpecifierSet | None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(_SINGLE.sub("==", text))
    except InvalidSpecifier:
        return None


def _contains(versions: SpecifierSet | None, version: str) -> bool:
    """Say whether a range has a version; one that cannot be compared by PEP 440 counts as meant."""
    from packaging.version import Version

    try:
        return versions is None or versions.contains(Version(version), prereleases=True)
    except ValueError:  # no version, or a number of more digits than Python reads
        return True
