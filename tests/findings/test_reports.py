from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from image_matrix.config.release import Scanning
from image_matrix.findings.limits import scan_limits
from image_matrix.findings.model import ScanFinding, from_severity
from image_matrix.findings.reports import findings

REPORTS = Path(__file__).parent / "reports"


def test_severities_count_upwards() -> None:
    assert from_severity("HIGH") == ("CRITICAL", "HIGH")


@pytest.mark.parametrize("tool", ["trivy", "grype"])
def test_a_report_of_the_scanner_itself(tool: Literal["trivy", "grype"]) -> None:
    """`tests/e2e/test_scanners.py` writes these, and compares them with what the scanners say."""
    report = json.loads((REPORTS / f"{tool}.json").read_text())
    path = "opt/venv/lib/python3.13/site-packages/tornado-6.4.1.dist-info/METADATA"
    names = ["CVE-2026-1004", "GHSA-2345-cfgh-jmpq"]
    name, alias = names if tool == "trivy" else reversed(names)
    openssl = ScanFinding("CRITICAL", "CVE-2026-1001", "openssl", "3.0.15-1", ("3.0.16-1",), "apt")
    tornado = ScanFinding("HIGH", name, "tornado", "6.4.1", ("6.5.0",), "pip", path, (alias,))
    assert findings(Scanning(tool, severity="HIGH"), report) == [openssl, tornado]
    assert scan_limits(tool, report, None, "2026-11-30").texts == ()


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
