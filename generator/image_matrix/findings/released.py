"""Lists the released images that are scanned, and shares them out to jobs."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from image_matrix.findings.model import SEVERITIES, ScanFinding, ScanLimits, ScanResult, ScanTarget

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.platforms import Platform

PART = 12
"""Images that one job scans one after the other: it fetches the scanner's database once, and stays within hours."""
PARTS = 256
"""Entries of the matrix of one job; docs.github.com/actions/reference/limits."""


def scan_targets(
    offered: Mapping[str, Mapping[str, Mapping[str, Any]]],
    platforms: Mapping[str, Sequence[Platform]],
) -> list[ScanTarget]:
    """Return what the branches offer, once for each digest and platform: images of one platform follow each other.

    ``offered`` are the entries of digest files by channel, the release branch (an empty name) first. ``platforms`` are
    those of variants today, for entries that name none.
    """
    targets: dict[tuple[str, str], ScanTarget] = {}
    for channel, entries in offered.items():
        for variant, entry in entries.items():
            image = f"{_repository(entry['reference'])}@{entry['digest']}"
            for platform in entry.get("platforms") or platforms.get(variant, ()):
                target = ScanTarget(variant, image, platform, channel, str(entry.get("key", "")))
                targets.setdefault((image, platform), target)
    # what stands on the same base shares image layers, which a scanner reads once
    return sorted(targets.values(), key=lambda one: one.platform)


def _repository(reference: str) -> str:
    """Return a reference without tag and digest."""
    name = reference.partition("@")[0]
    return name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name


def parts_of(targets: Sequence[ScanTarget]) -> list[list[ScanTarget]]:
    """Return the images of each job: as many for each, in their order."""
    count = min(PARTS, -(-len(targets) // PART))
    bounds = [len(targets) * at // count for at in range(count + 1)] if count else []
    return [list(targets[first:end]) for first, end in pairwise(bounds)]


def target_of(data: Mapping[str, Any]) -> ScanTarget:
    """Read what :func:`dataclasses.asdict` made of a target."""
    return ScanTarget(**{name: str(data.get(name, "")) for name in ScanTarget.__slots__})


def results_as_data(results: Iterable[ScanResult]) -> list[dict[str, Any]]:
    """Return results as data for JSON."""
    return [asdict(one) for one in results]


def results_of(data: Iterable[Mapping[str, Any]]) -> list[ScanResult]:
    """Read what :func:`results_as_data` wrote, as texts.

    Raises :class:`ValueError` or :class:`KeyError` for other data: a job in which a foreign scanner runs hands it on.
    """
    try:
        return [
            ScanResult(
                target_of(one["target"]),
                tuple(_finding(item) for item in one["findings"]),
                bool(one["rejected"]),
                str(one["problem"]),
                str(one["not_kept"]),
                ScanLimits(**{name: str(one["limits"][name]) for name in ScanLimits.__slots__}),
            )
            for one in data
        ]
    except (TypeError, AttributeError) as error:
        raise ValueError("these are no results of a scan") from error


def _finding(data: Mapping[str, Any]) -> ScanFinding:
    if data["severity"] not in SEVERITIES:
        raise ValueError(data["severity"])
    fixed, aliases = (tuple(str(one) for one in data[name]) for name in ("fixed", "aliases"))
    texts = {name: str(value) for name, value in data.items() if name not in ("fixed", "aliases")}
    return ScanFinding(**texts, fixed=fixed, aliases=aliases)


def complete(targets: Iterable[ScanTarget], results: Iterable[ScanResult], reason: str) -> list[ScanResult]:
    """Return a result for each target: one without a result was not scanned, for this reason.

    What results say of an image besides its digest and platform does not count: its name is the target's.
    """
    known = {(one.target.image, one.target.platform): one for one in results}
    return [
        replace(known[key], target=one) if key in known else ScanResult(one, problem=reason)
        for one in targets
        for key in ((one.image, one.platform),)
    ]
