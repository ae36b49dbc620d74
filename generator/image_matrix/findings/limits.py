"""Says what a scan could not see: its database was old or empty, or it did not know the image's distribution.

A scanner reports nothing then, and ends as it does for an image without flaws. Sources: github.com/aquasecurity/trivy,
pkg/types/report.go and pkg/fanal/types (``NONE``, ``EOSL``), pkg/version/version.go; github.com/anchore/grype,
grype/presenter/models/document.go and alert.go, cmd/grype/cli/commands/root.go (``dbInfo``).
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from image_matrix.findings.model import ScanLimits
from image_matrix.json_data import at_path
from image_matrix.text import plural

if TYPE_CHECKING:
    from image_matrix.json_data import Json

DAYS = 5
"""The age in days from which a database counts as old: Grype's own ``max-allowed-built-age``."""
UNKNOWN = ("", "none")
"""What scanners report in place of the name of a distribution that they do not know."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=T)")


def scan_limits(tool: str, report: Json, version: Json, today: str) -> ScanLimits:
    """Return the limits of a scan.

    ``report`` is that of Trivy or Grype; those of others are not read. ``version`` is what ``trivy version`` prints as
    JSON, since its report does not name the database. ``today`` is YYYY-MM-DD.
    """
    match tool:
        case "trivy":
            day = _day(at_path(version, ("VulnerabilityDB", "UpdatedAt")))
            system = at_path(report, ("Metadata", "OS"))
            family, has_ended = at_path(system, ("Family",)), at_path(system, ("EOSL",)) is True
            of_image = _of_image(tool, report, family, has_ended=has_ended)
            return ScanLimits(day, _stale(tool, day, today), **of_image)
        case "grype":
            database = at_path(report, ("descriptor", "db"))
            day = _day(at_path(database, ("status", "built")))
            is_empty = at_path(database, ("providers",)) == {}
            stale = "grype's database is empty: it knows no flaw" if is_empty else _stale(tool, day, today)
            name, has_ended = at_path(report, ("distro", "name")), "distro-eol" in _alerts(report)
            return ScanLimits(day, stale, **_of_image(tool, report, name, has_ended=has_ended))
        case _:
            return ScanLimits()


def _day(value: Json) -> str:
    match = _DAY.match(value) if isinstance(value, str) else None
    return match[0] if match else ""


def _stale(tool: str, day: str, today: str) -> str:
    try:
        age = (date.fromisoformat(today) - date.fromisoformat(day)).days
    except ValueError:
        return ""
    if age <= DAYS:
        return ""
    return f"{tool}'s database is of {day}, {plural(age, 'day')} old: it knows no newer flaw"


def _alerts(report: Json) -> set[str]:
    """Return the kinds of alerts in a report of Grype."""
    packages = at_path(report, ("alertsByPackage",))
    alerts = [at_path(one, ("alerts",)) for one in packages] if isinstance(packages, list) else []
    return {str(at_path(one, ("type",))) for each in alerts if isinstance(each, list) for one in each}


def _of_image(tool: str, report: Json, distribution: Json, *, has_ended: bool) -> dict[str, str]:
    """Return `unseen` or `ended` of a report's limits."""
    if not report:
        return {}
    if not isinstance(distribution, str) or distribution in UNKNOWN:
        text = f"{tool} does not know the image's distribution: it looked up none of its packages"
        return {"unseen": text}
    if has_ended:
        text = f"the image's release of {distribution} gets no updates any more: nobody lists its new flaws"
        return {"ended": text}
    return {}
