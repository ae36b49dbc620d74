"""What the newest attached reports say of a released image, over real HTTP."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.release import Scanning
from image_matrix.errors import EnvironmentFailure
from image_matrix.publish.attached_reports import known_scans, read_report, with_scans
from image_matrix.publish.indexes import CREATED
from image_matrix.publish.scan_report import REPORT_TYPE, attach_report
from image_matrix.publish.scanners import ScanJob
from image_matrix.registry.manifests import INDEX_TYPES
from image_matrix.registry.reference import digest_of
from image_matrix.registry.referrers import attach
from image_matrix.registry.upload import IMAGE_MANIFEST, put_manifest
from image_matrix.render.lists.released import ReleasedImage, ScanSummary
from tests.registry.test_upload import BLOB, client, manifest, pushed
from tests.registry.writable import Behaviour, Writable, serving

if TYPE_CHECKING:
    from pathlib import Path

TRIVY = Scanning(tool="trivy", severity="HIGH", attach=True)
GRYPE = Scanning(tool="grype", severity="HIGH", attach=True)


def trivy(day: str, *severities: str) -> dict[str, Any]:
    rows = [
        {"Severity": name, "VulnerabilityID": f"CVE-2026-{at}", "PkgName": "openssl"}
        for at, name in enumerate(severities)
    ]
    return {"CreatedAt": f"{day}T01:02:03Z", "Results": [{"Vulnerabilities": rows}]}


def grype(day: str, *severities: str) -> dict[str, Any]:
    rows = [
        {"vulnerability": {"severity": name, "id": f"CVE-2026-{at}"}, "artifact": {"name": "openssl"}}
        for at, name in enumerate(severities)
    ]
    return {"descriptor": {"timestamp": f"{day}T01:02:03Z"}, "matches": rows}


def _day_of(report: object) -> datetime:
    day = report.get("CreatedAt") or report["descriptor"]["timestamp"] if isinstance(report, dict) else ""
    return datetime.fromisoformat(day or "2026-11-30T00:00:00+00:00")


def said(folder: Path, server: Writable, scanning: Scanning, *reports: object) -> ScanSummary | None:
    """What is said of an image with these reports."""
    digest = pushed(server)
    reference = f"{server.host}/team/deploy"
    for number, report in enumerate(reports):
        job = ScanJob(folder / "image", folder / f"report-{number}.json", folder)
        job.report.write_text(report if isinstance(report, str) else json.dumps(report))
        attach_report(client(), f"{reference}@{digest}", job, _day_of(report))
    return _scan_of(server, digest, scanning)


def _scan_of(server: Writable, digest: str, scanning: Scanning) -> ScanSummary | None:
    entry = {"reference": f"{server.host}/team/deploy:python3.13-0123@{digest}", "digest": digest}
    found = with_scans(client(), {"base": entry}, {"base": ReleasedImage(digest)}, scanning)
    return found["base"].scan


@pytest.mark.parametrize("listing", [True, False], ids=["referrers", "a list under a tag"])
def test_the_newest_report_counts(tmp_path: Path, listing: bool) -> None:
    old, new = trivy("2026-11-01", "CRITICAL"), trivy("2026-11-29", "HIGH", "CRITICAL", "HIGH", "LOW")
    with serving(Behaviour(lists_referrers=listing)) as server:
        scan = said(tmp_path, server, TRIVY, new, old)
    assert scan == ScanSummary("2026-11-29", {"CRITICAL": 1, "HIGH": 2})
    assert scan is not None
    assert [*scan.counts] == ["CRITICAL", "HIGH"]


def test_only_the_newest_report_is_fetched(tmp_path: Path) -> None:
    """An image that is scanned every week has many of them."""
    with serving() as server:
        said(tmp_path, server, TRIVY, *(trivy(f"2026-11-{day:02}") for day in range(1, 21)))
        assert sum("/blobs/sha256" in one for one in server.requests if one.startswith("GET")) == 1


def test_reports_of_grype(tmp_path: Path) -> None:
    with serving() as server:
        scan = said(tmp_path, server, GRYPE, grype("2026-11-29", "High", "Negligible"))
    assert scan == ScanSummary("2026-11-29", {"HIGH": 1})


def test_a_clean_report_is_no_missing_report(tmp_path: Path) -> None:
    with serving() as server:
        assert said(tmp_path, server, TRIVY, trivy("2026-11-29")) == ScanSummary("2026-11-29", {})
    with serving() as server:
        assert said(tmp_path, server, TRIVY) is None


def index_of(server: Writable, *platforms: str) -> tuple[str, dict[str, str]]:
    """Push an index with an image for each platform; return its digest, and those of the images."""
    pushed(server)
    parts = {}
    for platform in platforms:
        content = json.dumps({**json.loads(manifest(BLOB)), "annotations": {"of": platform}}).encode()
        put_manifest(client(), f"{server.host}/team/deploy:part", content)
        parts[platform] = digest_of(content)
    listed = [
        {"mediaType": IMAGE_MANIFEST, "digest": digest, "size": 1,
         "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True))}
        for platform, digest in parts.items()
    ]  # fmt: skip
    content = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPES[0], "manifests": listed}).encode()
    put_manifest(client(), f"{server.host}/team/deploy:index", content, INDEX_TYPES[0])
    return digest_of(content), parts


def test_each_platform_has_its_own_findings(tmp_path: Path) -> None:
    """A finding of both counts once; a platform without a report is not one without findings."""
    amd64, arm64, s390x = "linux/amd64", "linux/arm64", "linux/s390x"
    with serving() as server:
        index, parts = index_of(server, amd64, arm64, s390x)
        reports = {amd64: trivy("2026-11-29", "HIGH"), arm64: trivy("2026-11-28", "HIGH", "CRITICAL")}
        for platform, report in reports.items():
            job = ScanJob(tmp_path / "image", tmp_path / "report.json", tmp_path)
            job.report.write_text(json.dumps(report))
            attach_report(client(), f"{server.host}/team/deploy@{parts[platform]}", job, _day_of(report))
        scan = _scan_of(server, index, TRIVY)
    both = {"CRITICAL": 1, "HIGH": 1}
    assert scan == ScanSummary("2026-11-28", both, {amd64: {"HIGH": 1}, arm64: both, s390x: None})
    assert scan is not None
    assert scan.differing == scan.platforms


def test_another_scanners_report_is_not_read_as_clean(tmp_path: Path) -> None:
    """The matrix changed its scanner; what is attached is of the one before."""
    with serving() as server:
        assert said(tmp_path, server, GRYPE, trivy("2026-11-29", "HIGH")) is None
    with serving() as server:
        older, newer = grype("2026-11-01", "High"), trivy("2026-11-29", "CRITICAL")
        assert said(tmp_path, server, GRYPE, older, newer) == ScanSummary("2026-11-01", {"HIGH": 1})


def test_a_report_of_another_form_leaves_the_one_before_it(tmp_path: Path) -> None:
    broken = {**trivy("2026-11-29"), "Results": [{"Vulnerabilities": ["x"]}]}
    with serving() as server:
        scan = said(tmp_path, server, TRIVY, trivy("2026-11-01", "HIGH"), broken)
    assert scan == ScanSummary("2026-11-01", {"HIGH": 1})


@pytest.mark.parametrize("annotations", [{}, {CREATED: "soon"}, {CREATED: "\x1b[2J 2026-11"}])
def test_a_report_without_a_day_has_none(annotations: dict[str, str]) -> None:
    content = json.dumps(trivy("2026-11-29", "HIGH")).encode()
    with serving() as server:
        digest = pushed(server)
        image = f"{server.host}/team/deploy@{digest}"
        attach(client(), image, REPORT_TYPE, {REPORT_TYPE: content}, {REPORT_TYPE: "r.json"}, annotations)
        assert _scan_of(server, digest, TRIVY) == ScanSummary("", {"HIGH": 1})


def test_a_report_is_what_its_digest_says(tmp_path: Path) -> None:
    with serving() as server:
        said(tmp_path, server, TRIVY, trivy("2026-11-29", "HIGH"))
        clean = json.dumps(trivy("2026-11-29")).encode()
        for name, content in server.blobs.items():
            if b"Results" in content:
                server.blobs[name] = clean
        digest = pushed(server)
        assert _scan_of(server, digest, TRIVY) is None


@pytest.mark.parametrize(
    ("kind", "status"), [("blobs", 503), ("blobs", 403), ("blobs", 401), ("manifests", 500)]
)
def test_a_report_that_the_registry_does_not_give_is_not_missing(
    tmp_path: Path, kind: str, status: int
) -> None:
    """The one before it has other findings, and no report has none."""
    report = trivy("2026-11-29", "HIGH")
    with serving() as server:
        digest = pushed(server)
        reference = f"{server.host}/team/deploy"
        job = ScanJob(tmp_path / "image", tmp_path / "report.json", tmp_path)
        job.report.write_text(json.dumps(report))
        artifact = attach_report(client(), f"{reference}@{digest}", job, _day_of(report))
        layer = digest_of(job.report.read_bytes())
        name = {"blobs": layer, "manifests": artifact}[kind]
        server.behaviour.refused[f"GET /v2/team/deploy/{kind}/{name}"] = status
        entry = {"reference": f"{reference}:python3.13-0123@{digest}", "digest": digest}
        images = {"base": ReleasedImage(digest)}
        with pytest.raises(EnvironmentFailure):
            with_scans(client(), {"base": entry}, images, TRIVY)
        kept, unread = known_scans(client(), {"base": entry}, images, TRIVY)
        assert kept == images
        assert "what the last scan found is not known" in unread["base"]


def test_a_report_that_is_gone_says_nothing(tmp_path: Path) -> None:
    with serving() as server:
        assert said(tmp_path, server, TRIVY, trivy("2026-11-29", "HIGH"))
        server.blobs.clear()
        assert _scan_of(server, pushed(server), TRIVY) is None


def test_a_report_has_a_largest_size() -> None:
    text = json.dumps(trivy("2026-11-29", "HIGH")).encode()
    assert len(read_report(TRIVY, [text[:10], text[10:]], len(text))) == 1
    with pytest.raises(ValueError, match="larger than"):
        read_report(TRIVY, [text[:10], text[10:]], len(text) - 1)


@pytest.mark.parametrize("report", ["", "[]", '{"runs": []}', '"text"', "[" * 100_000])
def test_what_is_no_report_says_nothing(tmp_path: Path, report: str) -> None:
    with serving() as server:
        assert said(tmp_path, server, TRIVY, report) is None


@pytest.mark.parametrize("scanning", [Scanning(tool="command", attach=True), Scanning(tool="trivy")])
def test_nobody_is_asked_where_no_report_can_be_read(scanning: Scanning) -> None:
    with serving() as server:
        entry = {"reference": f"{server.host}/team/deploy:one", "digest": "sha256:" + "1" * 64}
        image = ReleasedImage(entry["digest"])
        assert with_scans(client(), {"base": entry}, {"base": image}, scanning) == {"base": image}
        assert server.requests == []
