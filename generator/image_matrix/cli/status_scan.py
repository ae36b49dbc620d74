"""Says in `status` what the newest reports of scans say of the image that users have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.platforms import architecture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.render.lists.released import ScanSummary


def last_scan(scan: ScanSummary | None) -> str:
    """Return the day and the number of findings; by platform, if they differ. Empty without a report."""
    if scan is None:
        return ""
    parts = "; ".join(f"{architecture(name)}: {_counted(counts)}" for name, counts in scan.differing.items())
    day = f" {scan.day}" if scan.day else ""
    return f"; scanned{day}: {_counted(scan.counts)}" + (f" ({parts})" if parts else "")


def _counted(counts: Mapping[str, int] | None) -> str:
    if counts is None:
        return "not scanned"
    return ", ".join(f"{count} {severity}" for severity, count in counts.items()) or "nothing found"


def scan_data(scan: ScanSummary) -> dict[str, Any]:
    """Return the same as data for JSON; each platform has ``None`` if nothing is known of it."""
    platforms = {name: None if counts is None else dict(counts) for name, counts in scan.platforms.items()}
    return {"day": scan.day or None, "findings": dict(scan.counts), "platforms": platforms}
