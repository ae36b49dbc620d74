from __future__ import annotations

from typing import Any

import pytest

from image_matrix.findings.limits import DAYS, scan_limits
from image_matrix.findings.model import ScanLimits

DEBIAN: dict[str, dict[str, Any]] = {
    "trivy": {"Metadata": {"OS": {"Family": "debian"}}},
    "grype": {"distro": {"name": "debian"}},
}
TODAY = "2026-11-30"


def grype(built: str, providers: dict[str, Any], **more: Any) -> dict[str, Any]:
    database = {"status": {"built": f"{built}T08:00:00Z"}, "providers": providers}
    return {**DEBIAN["grype"], "descriptor": {"db": database}, **more}


def trivy(updated: str) -> dict[str, Any]:
    return {"VulnerabilityDB": {"UpdatedAt": f"{updated}T08:00:00.1Z"}}


@pytest.mark.parametrize(
    ("day", "stale"),
    [
        ("2026-11-30", ""),
        (f"2026-11-{30 - DAYS}", ""),
        (f"2026-11-{30 - DAYS - 1}", "{}'s database is of 2026-11-24, 6 days old: it knows no newer flaw"),
    ],
)
def test_the_age_of_a_database(day: str, stale: str) -> None:
    of_trivy = scan_limits("trivy", DEBIAN["trivy"], trivy(day), TODAY)
    assert of_trivy == ScanLimits(day, stale.format("trivy"))
    of_grype = scan_limits("grype", grype(day, {"debian": {}}), None, TODAY)
    assert of_grype == ScanLimits(day, stale.format("grype"))


def test_a_database_without_flaws() -> None:
    found = scan_limits("grype", grype(TODAY, {}), None, TODAY)
    assert found.texts == ("grype's database is empty: it knows no flaw",)


@pytest.mark.parametrize(
    ("tool", "report"),
    [
        ("trivy", {"Metadata": {"OS": {"Family": "none", "Name": ""}}}),
        ("trivy", {"Metadata": {}}),
        ("grype", {"distro": {"name": "", "version": ""}}),
    ],
)
def test_a_distribution_that_the_scanner_does_not_know(tool: str, report: dict[str, Any]) -> None:
    said = f"{tool} does not know the image's distribution: it looked up none of its packages"
    assert scan_limits(tool, report, None, TODAY) == ScanLimits(unseen=said)


@pytest.mark.parametrize(
    ("tool", "report"),
    [
        ("trivy", {"Metadata": {"OS": {"Family": "debian", "EOSL": True}}}),
        ("grype", {**DEBIAN["grype"], "alertsByPackage": [{"alerts": [{"type": "distro-eol"}]}]}),
    ],
)
def test_a_release_of_the_distribution_that_has_ended(tool: str, report: dict[str, Any]) -> None:
    said = "the image's release of debian gets no updates any more: nobody lists its new flaws"
    assert scan_limits(tool, report, None, TODAY) == ScanLimits(ended=said)


@pytest.mark.parametrize(
    "odd", [None, [], "x", {"VulnerabilityDB": 1}, {"VulnerabilityDB": {"UpdatedAt": 3}}]
)
def test_what_nobody_says_is_not_known(odd: Any) -> None:
    assert scan_limits("trivy", DEBIAN["trivy"], odd, TODAY) == ScanLimits()
    strange = {
        **DEBIAN["grype"],
        "descriptor": odd,
        "alertsByPackage": [odd, {"alerts": [odd]}, {"alerts": odd}],
    }
    assert scan_limits("grype", strange, None, TODAY) == ScanLimits()
    assert scan_limits("command", odd, odd, TODAY) == ScanLimits()
    assert scan_limits("trivy", {}, odd, TODAY) == ScanLimits(), "there is no report"
