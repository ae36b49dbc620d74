"""Packages of which a variant wants another version than it finds in what it is built on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.package_versions import READERS, exclude
from image_matrix.config.resolve import package_name
from image_matrix.config.variants import resolutions
from image_matrix.diagnostics import catalogue as rules
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Manager, Matrix, Settings, Variant
    from image_matrix.config.package_versions import Asked
    from image_matrix.diagnostics import Finding, Path

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that names versions of a package, in one variant."""

    line: str
    asks: Asked
    variant: Variant
    manager: Manager


def pinned_otherwise(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Versions that exclude each other along a chain; what other packages need is known to the lock alone."""
    found: dict[tuple[str, ...], list[tuple[Wanted, Wanted]]] = {}
    for ours, theirs in _pairs(expanded):
        key = (ours.variant.image, ours.line, theirs.variant.image, theirs.line)
        found.setdefault(key, []).append((ours, theirs))
    for pairs in found.values():
        yield _conflict(matrix, expanded, pairs)


def _pairs(expanded: Mapping[str, Variant]) -> Iterator[tuple[Wanted, Wanted]]:
    """Yield what a variant asks for with what an ancestor pins, where no version is both."""
    for manager, read in READERS.items():
        known: dict[str, dict[str, Wanted]] = {}
        for item in expanded.values():
            pinned = known.get(item.parent or "", {})
            asks = {
                package_name(manager, line): Wanted(line, asked, item, manager)
                for line in item.packages.get(manager, ())
                if (asked := read(line))
            }
            known[item.id] = {**pinned, **{name: one for name, one in asks.items() if one.asks.pin}}
            yield from (
                (wanted, pinned[name])
                for name, wanted in asks.items()
                if name in pinned and exclude(wanted.asks, pinned[name].asks)
            )


def _conflict(
    matrix: Matrix, expanded: Mapping[str, Variant], pairs: Sequence[tuple[Wanted, Wanted]]
) -> Finding:
    """Return the finding about two lines, with the variants in which they meet where these are not all."""
    ours, theirs = pairs[0]
    everywhere = len(pairs) == sum(item.image == ours.variant.image for item in expanded.values())
    has = f"{package_name(theirs.manager, theirs.line)} {theirs.asks.pin}"
    finding = rules.PIP_CONFLICT.at(
        _place(matrix, expanded, ours),
        image=ours.variant.image
        if everywhere
        else listed((pair[0].variant.id for pair in pairs), MOST_SHOWN),
        ancestor=theirs.variant.image,
        images=(ours.variant.image, theirs.variant.image),
        wants=f"needs {ours.line}",
        has=has,
        ours=f"`{ours.line}`",
        theirs=f"`{theirs.line}`",
    )
    return finding.beside((_place(matrix, expanded, theirs), f"{has} comes from here"))


def _place(matrix: Matrix, expanded: Mapping[str, Variant], wanted: Wanted) -> Path:
    """Return where a line stands: in an image, an override or a bundle."""
    resolution = resolutions(matrix, expanded, wanted.variant.image)[wanted.variant.id]
    found = resolution.packages[wanted.manager]
    path = next(item.origin.path for item in found if item.value == wanted.line)
    return (*path, wanted.manager, _settings(matrix, path).packages[wanted.manager].index(wanted.line))


def _settings(matrix: Matrix, path: Path) -> Settings:
    if path[0] == "bundles":
        return matrix.bundles[str(path[1])]
    image = matrix.images[str(path[1])]
    return image.overrides[int(path[3])].settings if len(path) > 2 else image.settings
