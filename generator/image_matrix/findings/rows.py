"""Joins the findings of images to rows for people: each finding once, the images that have it, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.findings.model import SEVERITIES
from image_matrix.findings.remedies import remedy
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from image_matrix.findings.model import ScanFinding, ScanResult, ScanTarget
    from image_matrix.findings.remedies import Knowledge, Remedy

NAMED = 4
"""The maximum number of images that a row names."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding, the images that have it, and what would mend it there."""

    finding: ScanFinding
    """Of the first image; places in images may differ."""
    targets: tuple[ScanTarget, ...]
    remedies: tuple[Remedy, ...]


def finding_rows(known: Knowledge, results: Iterable[ScanResult]) -> list[FindingRow]:
    """Return the findings, the worst first."""
    grouped: dict[tuple[str, ...], list[tuple[ScanFinding, ScanTarget]]] = {}
    for result in results:
        for one in result.findings:
            key = (one.severity, one.id, one.package, one.installed, *one.fixed)
            grouped.setdefault(key, []).append((one, result.target))
    rows = [
        FindingRow(
            places[0][0],
            tuple(dict.fromkeys(target for _, target in places)),
            tuple(dict.fromkeys(remedy(known, target, finding) for finding, target in places)),
        )
        for places in grouped.values()
    ]
    return sorted(
        rows,
        key=lambda row: (SEVERITIES.index(row.finding.severity), row.finding.id, row.finding.package),
    )


def images_text(
    targets: Sequence[ScanTarget],
    parents: Mapping[str, str | None],
    shown: Callable[[str], str] = str,
) -> str:
    """Return which images have a finding: those that stand on none of the others, and how many stand on them.

    ``parents`` are the ids of the variants that variants are built from today.
    """
    names = dict.fromkeys(one.name for one in targets)
    ids = {one.variant for one in targets if not one.channel}
    channelled = {one.name for one in targets if one.channel}
    tops = [name for name in names if name in channelled or parents.get(name) not in ids]
    below = len(names) - len(tops)
    more = f", and {below} that stand{'s' if below == 1 else ''} on {'it' if len(tops) == 1 else 'them'}"
    return f"{listed((shown(name) for name in tops), NAMED)}{more if below else ''}"


def fixed_in_release(results: Iterable[ScanResult]) -> frozenset[tuple[str, str, str]]:
    """Return the findings of channels that the release branch's image of the variant does not have."""
    every = list(results)
    scanned = {one.target.variant for one in every if not one.target.channel and not one.problem}
    released = {
        (one.target.variant, item.id, item.package)
        for one in every
        if not one.target.channel
        for item in one.findings
    }
    return frozenset(
        key
        for one in every
        if one.target.channel and one.target.variant in scanned
        for item in one.findings
        if (key := (one.target.variant, item.id, item.package)) not in released
    )
