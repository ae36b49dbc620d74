from __future__ import annotations

from typing import Any, Literal

import pytest

from image_matrix.config.release import Scanning
from image_matrix.findings.model import ScanFinding, from_severity
from image_matrix.findings.reports import findings


def test_severities_count_upwards() -> None:
    assert from_severity("HIGH") == ("CRITICAL", "HIGH")


def test_trivys_report() -> None:
    flaw = {
        "Severity": "HIGH",
        "VulnerabilityID": "CVE-3",
        "PkgName": "zlib1g",
        "InstalledVersion": "1.2",
        "FixedVersion": "1.3",
    }
    low = {"Severity": "LOW", "VulnerabilityID": "CVE-5", "PkgName": "tar"}
    worse = {
        "Severity": "CRITICAL",
        "VulnerabilityID": "CVE-4",
        "PkgName": "urllib3",
        "PkgPath": "opt/venv/METADATA",
        "FixedVersion": "1.26.17, 2.0.6",
    }
    go = {"Severity": "HIGH", "VulnerabilityID": "CVE-6", "PkgName": "stdlib"}
    report = {
        "Results": [
            {
                "Class": "os-pkgs",
                "Type": "debian",
                "Target": "x (debian 13)",
                "Vulnerabilities": [flaw, low, flaw],
            },
            {"Class": "lang-pkgs", "Type": "python-pkg", "Target": "Python", "Vulnerabilities": [worse]},
            {"Class": "lang-pkgs", "Type": "gobinary", "Target": "usr/bin/tool", "Vulnerabilities": [go]},
            {"Vulnerabilities": None},
        ]
    }
    assert findings(Scanning(severity="HIGH"), report) == [
        ScanFinding("CRITICAL", "CVE-4", "urllib3", "", ("1.26.17", "2.0.6"), "pip", "opt/venv/METADATA"),
        ScanFinding("HIGH", "CVE-3", "zlib1g", "1.2", ("1.3",), "apt"),
        ScanFinding("HIGH", "CVE-6", "stdlib", "", (), "", "usr/bin/tool"),
    ]


def test_grypes_report() -> None:
    match = {
        "vulnerability": {"id": "GHSA-1", "severity": "Critical", "fix": {"versions": ["2.0"]}},
        "artifact": {
            "name": "tornado",
            "version": "1.0",
            "type": "python",
            "locations": [{"path": "/opt/venv/METADATA"}],
        },
    }
    bare = {"vulnerability": {"id": "CVE-1", "severity": "High"}, "artifact": {"name": "tar", "type": "deb"}}
    found = findings(Scanning("grype", severity="HIGH"), {"matches": [bare, match]})
    assert found == [
        ScanFinding("CRITICAL", "GHSA-1", "tornado", "1.0", ("2.0",), "pip", "opt/venv/METADATA"),
        ScanFinding("HIGH", "CVE-1", "tar", "", (), "apt"),
    ]


def test_reports_of_other_scanners_are_not_read() -> None:
    assert findings(Scanning("command"), {"anything": 1}) == []


@pytest.mark.parametrize(
    ("tool", "report"),
    [
        ("trivy", {"Results": "ab"}),
        ("trivy", {"Results": [{"Vulnerabilities": ["x"]}]}),
        ("trivy", {"Results": 3}),
        ("trivy", []),
        ("grype", {"matches": "ab"}),
        ("grype", {"matches": [{"vulnerability": {}}]}),
        ("grype", {"matches": [{"vulnerability": "x", "artifact": {"locations": {"path": 1}}}]}),
        ("grype", "text"),
    ],
)
def test_a_report_of_another_form_is_refused(tool: Literal["trivy", "grype"], report: Any) -> None:
    with pytest.raises(ValueError, match=f"does not have the form of a report of {tool}"):
        findings(Scanning(tool), report)


def test_versions_in_words() -> None:
    assert ScanFinding("HIGH", "CVE-1", "tar", "1", ("2", "3")).versions == "1 → 2, 3"
    assert ScanFinding("HIGH", "CVE-1", "tar").versions == "→ no fix"
