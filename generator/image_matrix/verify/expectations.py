"""What a variant must pass: its chain's tests and pins, the nearest image's word counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.model import TEST_KINDS
from image_matrix.config.placeholders import fill
from image_matrix.config.resolve import package_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.model import Manager, OwnTests, Variant


def chain(variants: Mapping[str, Variant], identifier: str) -> list[Variant]:
    """Return a variant's ancestors and itself, the root first."""
    return list(lineage(variants, variants[identifier]))[::-1]


def inherited(line: Iterable[Variant]) -> OwnTests:
    """Return the tests of a chain; a test that a child names again is the child's."""
    variants = list(line)
    values = variants[-1].values
    return {
        kind: {
            key: fill(expected, values) if kind == "versions" else expected
            for item in variants
            for key, expected in item.tests.get(kind, {}).items()
        }
        for kind in TEST_KINDS
        if any(item.tests.get(kind) for item in variants)
    }


def pins(line: Iterable[Variant]) -> dict[str, str]:
    """Return the Python distributions that a chain pins with ``==``, for any platform; the last one counts."""
    found = {}
    for item in line:
        for requirement in item.packages.get("pip", ()):
            wanted, _, marker = requirement.partition(";")
            version = wanted.partition("==")[2].strip()
            if version and not marker and "," not in version:
                found[package_name("pip", requirement)] = version
    return found


def packages(line: Iterable[Variant]) -> frozenset[str]:
    """Return the names of the Python and conda packages that a chain asks for, in whatever version."""
    managers: tuple[Manager, ...] = ("pip", "conda")
    return frozenset(
        package_name(manager, item).rpartition("::")[2]
        for variant in line
        for manager in managers
        for item in variant.packages.get(manager, ())
    )


def version_fits(installed: str, wanted: str, *, exact: bool) -> bool:
    """Compare versions part by part; a local part (``+cpu``) counts only where it is asked for.

    ``exact`` is for pins (PEP 440: 1.0 equals 1.0.0, and ``2.*`` is every 2); otherwise the first parts must be equal.
    """
    if "+" not in wanted:
        installed = installed.partition("+")[0]
    if wanted.endswith(".*"):
        exact, wanted = False, wanted[:-2]
    have, want = installed.split("."), wanted.split(".")
    if not exact:
        return have[: len(want)] == want
    return _without_zeros(have) == _without_zeros(want)


def _without_zeros(parts: list[str]) -> list[str]:
    while len(parts) > 1 and parts[-1] == "0":
        parts = parts[:-1]
    return parts
