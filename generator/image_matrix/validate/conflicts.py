"""Packages of which a variant wants another version than it finds in what it is built on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.requirement import clauses
from image_matrix.config.resolve import package_name
from image_matrix.config.variants import resolutions
from image_matrix.config.versions import Pin, exclude, is_series, is_version
from image_matrix.diagnostics import catalogue as rules
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from image_matrix.config.model import Manager, Matrix, Settings, Variant
    from image_matrix.diagnostics import Finding, Path

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that names the version of a package, in one variant."""

    line: str
    pin: Pin
    variant: Variant
    manager: Manager


_CONDA = re.compile(r"[^=<>!]+(==?)([0-9][A-Za-z0-9._+]*?)(?:\.\*)?(?:=.*)?")


def pinned_otherwise(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Versions that exclude each other along a chain; what other packages need is known to the lock alone."""
    found: dict[tuple[str, ...], list[tuple[Wanted, Wanted]]] = {}
    for ours, theirs in _pairs(expanded):
        key = (ours.variant.image, ours.line, theirs.variant.image, theirs.line)
        found.setdefault(key, []).append((ours, theirs))
    for pairs in found.values():
        yield _conflict(matrix, expanded, pairs)


def _pairs(expanded: Mapping[str, Variant]) -> Iterator[tuple[Wanted, Wanted]]:
    """Yield what a variant wants with what is there, where the two exclude each other."""
    for manager, read in _READERS.items():
        known: dict[str, dict[str, Wanted]] = {}
        for item in expanded.values():
            there = known.get(item.parent or "", {})
            lines = item.packages.get(manager, ())
            own = {
                package_name(manager, line): Wanted(line, pin, item, manager)
                for line in lines
                if (pin := read(line))
            }
            known[item.id] = {**there, **own}
            yield from (
                (wanted, there[name])
                for name, wanted in own.items()
                if name in there and exclude(wanted.pin, there[name].pin)
            )


def _pip(line: str) -> Pin | None:
    """Return what a requirement pins; one with a marker may not be meant here."""
    asked = [] if ";" in line else clauses(line)
    operator, version = asked[0] if len(asked) == 1 else ("", "")
    if operator != "==" or not (is_version(version) or is_series(version)):
        return None
    return Pin(version, series=is_series(version))


def _conda(line: str) -> Pin | None:
    """Return what a specification pins: behind one `=` stands the start of a version."""
    found = _CONDA.fullmatch(line)
    return Pin(found[2], series=found[1] == "=" or "*" in line) if found else None


_READERS: dict[Manager, Callable[[str], Pin | None]] = {"pip": _pip, "conda": _conda}


def _conflict(
    matrix: Matrix, expanded: Mapping[str, Variant], pairs: Sequence[tuple[Wanted, Wanted]]
) -> Finding:
    """Return the finding about two lines, with the variants in which they meet where these are not all."""
    ours, theirs = pairs[0]
    everywhere = len(pairs) == sum(item.image == ours.variant.image for item in expanded.values())
    has = f"{package_name(theirs.manager, theirs.line)} {theirs.pin.text}"
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
