"""Lists updates of apt packages for reviewers: what moves an entry of the lock, in which images, with which CVEs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.lock.apt_updates import AptFindings, AptUpdate

MOST_NAMES = 3
MOST_CVES = 8


@dataclass(frozen=True, slots=True)
class AptChange:
    """An update of a Debian source package, in the images that have it."""

    source: str
    """The source of the matrix that has an entry for the images; empty for images with a day of their own."""
    name: str
    """The Debian source package."""
    packages: tuple[str, ...]
    """The binary packages that are installed."""
    old: str
    new: str
    images: tuple[str, ...]
    """Ids of variants."""
    cves: tuple[str, ...]


def apt_changes(findings: AptFindings) -> list[AptChange]:
    """Return the updates that move what the lock has, each once for all images; those that name CVEs first."""
    entries_of: dict[tuple[str, str, str, str], list[tuple[str, AptUpdate]]] = {}
    for variant, updates in findings.updates.items():
        source = findings.source_of.get(variant, "")
        for one in updates:
            entries_of.setdefault((source, one.debian_source, one.old, one.new), []).append((variant, one))
    changes = (_change(*key, entries) for key, entries in entries_of.items())
    return sorted(changes, key=lambda item: (not item.cves, item.source, item.name, item.old, item.new))


def _change(
    source: str, name: str, old: str, new: str, entries: Sequence[tuple[str, AptUpdate]]
) -> AptChange:
    packages = tuple(sorted({one.package for _, one in entries}))
    images = tuple(dict.fromkeys(variant for variant, _ in entries))
    cves = tuple(dict.fromkeys(cve for _, one in entries for cve in one.cves))
    return AptChange(source, name, packages, old, new, images, cves)


def apt_lines(findings: AptFindings) -> list[str]:
    """Return a line for each update: ``apt openssl: 3.5.1-1 → 3.5.1-2 on debian-trixie, in lab:default; CVE-…``."""
    return [_line(one) for one in apt_changes(findings)]


def _line(change: AptChange) -> str:
    packages = f" ({listed(change.packages, MOST_NAMES)})" if change.packages != (change.name,) else ""
    source = f"on {change.source}, " if change.source else ""
    images = f"{source}in {listed(change.images, MOST_NAMES)}"
    cves = f"; {listed(change.cves, MOST_CVES)}" if change.cves else ""
    return f"apt {change.name}{packages}: {change.old} → {change.new} {images}{cves}"
