"""Finds packages of a variant whose versions conflict with those of its ancestors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.package_versions import READERS, exclude
from image_matrix.config.resolve import package_name
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Manager, Matrix, Settings, Variant
    from image_matrix.config.package_versions import VersionRange
    from image_matrix.diagnostics import Finding, Path

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RequestedPackage:
    """A line that names versions of a package, in one variant."""

    line: str
    asks: VersionRange
    variant: Variant
    manager: Manager


def pinned_otherwise(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Versions that exclude each other along a chain; what other packages need is known to the lock alone."""
    pairs_by_lines: dict[tuple[str, ...], list[tuple[RequestedPackage, RequestedPackage]]] = {}
    for ours, theirs in _pairs(expanded):
        key = (ours.variant.image, ours.line, theirs.variant.image, theirs.line)
        pairs_by_lines.setdefault(key, []).append((ours, theirs))
    for pairs in pairs_by_lines.values():
        yield _conflict(matrix, expanded, pairs)


def _pairs(expanded: Mapping[str, Variant]) -> Iterator[tuple[RequestedPackage, RequestedPackage]]:
    """Yield what a variant asks for with what an ancestor pins, where no version is both."""
    for manager, read in READERS.items():
        known: dict[str, dict[str, RequestedPackage]] = {}
        for item in expanded.values():
            pinned = known.get(item.parent or "", {})
            asks = {
                package_name(manager, line): RequestedPackage(line, asked, item, manager)
                for line in item.packages.get(manager, ())
                if (asked := read(line))
            }
            known[item.id] = {**pinned, **{name: one for name, one in asks.items() if one.asks.pin}}
            yield from (
                (requested, pinned[name])
                for name, requested in asks.items()
                if name in pinned and exclude(requested.asks, pinned[name].asks)
            )


def _conflict(
    matrix: Matrix,
    expanded: Mapping[str, Variant],
    pairs: Sequence[tuple[RequestedPackage, RequestedPackage]],
) -> Finding:
    """Return the finding about two lines, with the variants in which they meet where these are not all."""
    ours, theirs = pairs[0]
    everywhere = len(pairs) == sum(item.image == ours.variant.image for item in expanded.values())
    has = f"{package_name(theirs.manager, theirs.line)} {theirs.asks.pin}"
    image = ours.variant.image
    fields = {
        "image": image if everywhere else listed((pair[0].variant.id for pair in pairs), MOST_SHOWN),
        "ancestor": theirs.variant.image,
        "wants": f"needs {ours.line}",
        "has": has,
        "ours": f"`{ours.line}`",
        "theirs": f"`{theirs.line}`",
    }
    finding = rules.PIP_CONFLICT.at(_place(matrix, expanded, ours), **fields)
    return finding.beside((_place(matrix, expanded, theirs), f"{has} comes from here"))


def _place(matrix: Matrix, expanded: Mapping[str, Variant], requested: RequestedPackage) -> Path:
    """Return where a line stands: in an image, an override or a bundle."""
    manager, line = requested.manager, requested.line
    packages = resolution_of(matrix, expanded, requested.variant).packages[manager]
    path = next(item.origin.path for item in packages if item.value == line)
    return (*path, manager, _settings(matrix, path).packages[manager].index(line))


def _settings(matrix: Matrix, path: Path) -> Settings:
    if path[0] == "bundles":
        return matrix.bundles[str(path[1])]
    image = matrix.images[str(path[1])]
    return image.overrides[int(path[3])].settings if len(path) > 2 else image.settings
