"""Joins the findings of images to rows for people: each finding once, the images that have it, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    only_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of images that do not have it on all of their platforms, each with those on which it is."""


def finding_rows(known: Knowledge, results: Iterable[ScanResult]) -> list[FindingRow]:
    """Return the findings, the worst first."""
    every = list(results)
    grouped: dict[tuple[str, ...], list[tuple[ScanFinding, ScanTarget]]] = {}
    for result in every:
        for one in result.findings:
            key = (one.severity, one.id, one.package, one.installed, *one.fixed)
            grouped.setdefault(key, []).append((one, result.target))
    rows = [
        FindingRow(
            places[0][0],
            tuple(dict.fromkeys(target for _, target in places)),
            tuple(dict.fromkeys(remedy(known, target, finding) for finding, target in places)),
            _only_on([target for _, target in places], every),
        )
        for places in grouped.values()
    ]
    return sorted(
        rows,
        key=lambda row: (SEVERITIES.index(row.finding.severity), row.finding.id, row.finding.package),
    )


def _only_on(targets: Iterable[ScanTarget], results: Iterable[ScanResult]) -> dict[str, tuple[str, ...]]:
    """Return the images that have a finding on some platforms, and that a scan sees to lack it on another one."""
    seen = {(one.target.name, one.target.platform) for one in results if one.is_complete}
    affected = _platforms(targets)
    return {
        name: tuple(platforms)
        for name, platforms in affected.items()
        if any(image == name and platform not in platforms for image, platform in seen)
    }


def _platforms(targets: Iterable[ScanTarget]) -> dict[str, dict[str, None]]:
    """Return the platforms of each image, by its name."""
    platforms: dict[str, dict[str, None]] = {}
    for one in targets:
        platforms.setdefault(one.name, {})[one.platform] = None
    return platforms


def images_text(row: FindingRow, parents: Mapping[str, str | None], shown: Callable[[str], str] = str) -> str:
    """Return which images have a finding: those that stand on none of the others, and how many stand on them.

    An image that does not have it on all of its platforms has those behind its name. ``parents`` are the ids of the
    variants that variants are built from today.
    """
    names = _platforms(row.targets)
    tops = [name for name in names if not _is_below(row, name, names, parents)]
    below = len(names) - len(tops)
    more = f", and {below} that stand{'s' if below == 1 else ''} on {'it' if len(tops) == 1 else 'them'}"
    texts = (f"{shown(name)}{_on(row.only_on.get(name, ()))}" for name in tops)
    return f"{listed(texts, NAMED)}{more if below else ''}"


def _on(platforms: Sequence[str]) -> str:
    return f" ({' and '.join(platforms)})" if platforms else ""


def _is_below(
    row: FindingRow, name: str, names: Mapping[str, Mapping[str, None]], parents: Mapping[str, str | None]
) -> bool:
    """Say whether an image has a finding from its parent: on the same platforms, or on some of the parent's."""
    ids = {one.variant for one in row.targets if not one.channel}
    parent = parents.get(name)
    if name not in ids or parent not in ids:
        return False
    is_within = name not in row.only_on and names[name].keys() <= names[parent].keys()
    return is_within or row.only_on.get(name) == row.only_on.get(parent)


def fixed_in_release(results: Iterable[ScanResult]) -> frozenset[tuple[str, str, str]]:
    """Return the findings of channels that the release branch does not have: not in its image, or no such image.

    Without any image of the release branch, nothing is known of it.
    """
    every = list(results)
    offered = {one.target.variant for one in every if not one.target.channel}
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
        if one.target.channel and offered
        if one.target.variant in scanned or one.target.variant not in offered
        for item in one.findings
        if (key := (one.target.variant, item.id, item.package)) not in released
    )
