"""The issue: what it says, how long it is, what of it is new."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Ignored
from image_matrix.findings.issue import LIMIT, MARKER, issue_body
from image_matrix.findings.model import ScanFinding, ScanLimits, ScanResult
from image_matrix.findings.news import new_findings, news
from image_matrix.findings.rescan import ExpiredException, ReleaseScan
from image_matrix.findings.rows import finding_rows
from tests.findings.examples import APT, BASE, LAB, LEAF, PIP, UNFIXED, known, result, target
from tests.findings.test_remedies import proposal

if TYPE_CHECKING:
    from image_matrix.findings.remedies import LockProposal

RUN = "https://github.example.org/example/notebooks/actions/runs/1"
PARENTS = {LAB: BASE, LEAF: LAB, BASE: None}
EXPIRED = ExpiredException(Ignored(APT.id, "2026-11-01", "no server runs"), "matrix.yaml:12")


def scanned(*results: ScanResult, proposals: tuple[LockProposal, ...] = ()) -> ReleaseScan:
    rows = finding_rows(known(proposals=proposals), results)
    return ReleaseScan("2026-11-30", RUN, f"{RUN}/lock", "trivy, from HIGH on", results, tuple(rows), PARENTS)


def test_each_finding_once_with_its_images_and_what_mends_it() -> None:
    scan = scanned(
        *(result(APT, variant=name) for name in (BASE, LEAF)),
        result(APT, PIP, UNFIXED),
        result(variant="other:default"),
        proposals=(proposal(tornado="6.5"),),
    )
    body = issue_body(replace(scan, expired=(EXPIRED,)))
    expected = Path(__file__).with_name("issue.md")
    if os.environ.get("IMAGE_MATRIX_UPDATE"):
        expected.write_text(body)
    assert body == expected.read_text()
    assert body.startswith(f"{MARKER}\n<!-- known: ")


def test_images_that_were_not_scanned_and_that_were_rejected() -> None:
    body = issue_body(
        scanned(
            ScanResult(target(BASE), problem="the scanner failed\n(exit code 1)"),
            ScanResult(target(LAB, platform="linux/arm64"), rejected=True),
        )
    )
    assert "**Rejected by the scanner: in 1 of 1 scanned image; 1 released image not scanned.**" in body
    assert "\n\n- `base:default` (linux/amd64): the scanner failed (exit code 1)\n" in body
    assert "The scanner rejects `lab:default` (linux/arm64)." in body


def test_nothing_found() -> None:
    scan = scanned(result())
    assert scan.is_clean
    assert "**No findings in 1 released image.**" in issue_body(scan)
    assert not scanned(result(), ScanResult(target(BASE), problem="no")).is_clean


def test_what_scans_could_not_see() -> None:
    """Nothing was found, but the issue is not closed by what an old database does not know, or was not looked up."""
    old = "trivy's database is of 2026-01-01, 333 days old: it knows no newer flaw"
    unknown = "trivy does not know the image's distribution"
    limits = ScanLimits("2026-01-01", old, unknown)
    scan = scanned(
        replace(result(), limits=limits), replace(result(variant=BASE), limits=ScanLimits(stale=old))
    )
    assert not scan.is_clean
    body = issue_body(scan)
    gaps = "2 images scanned with an old or empty database; 1 image scanned in part"
    assert f"**No findings in 2 released images; {gaps}.**" in body
    expected = f"- {old} (`lab:default` (linux/amd64), `base:default` (linux/amd64)).\n- trivy does not"
    assert expected in body
    assert not scanned(replace(result(), limits=ScanLimits("2026-11-30", unseen=unknown))).is_clean


def test_what_has_ended_is_said_and_was_looked_up() -> None:
    """Its known flaws are found, so what the scan does not name is gone: once mended, it would be news again."""
    ended = "the image's release of debian gets no updates any more"
    scan = scanned(replace(result(), limits=ScanLimits("2026-11-30", ended=ended)))
    assert scan.is_clean
    body = issue_body(scan, issue_body(scanned(result(APT, PIP))))
    assert f"- {ended} (`lab:default` (linux/amd64)).\n" in body
    assert "counts as known" not in body
    assert len(new_findings(scanned(result(APT, PIP)).rows, body)) == 2


def test_an_image_that_was_not_scanned_counts_neither_as_clean_nor_as_forgotten() -> None:
    """The registry is down for a week: afterwards the same findings are no news."""
    before = issue_body(scanned(result(APT, PIP)))
    down = scanned(ScanResult(target(), problem="could not be fetched"))
    body = issue_body(down, before)
    assert "No findings" not in body
    assert "**No released image could be scanned (1 of 1).**" in body
    assert "- `lab:default` (linux/amd64): could not be fetched" in body
    assert new_findings(scanned(result(APT, PIP)).rows, body) == []
    partly = issue_body(scanned(result(variant=BASE), *down.results), body)
    assert "**No findings in 1 scanned image; 1 released image not scanned.**" in partly
    assert new_findings(scanned(result(APT)).rows, partly) == []
    whole = issue_body(scanned(result(PIP)), partly)
    assert [row.finding for row in new_findings(scanned(result(APT, PIP)).rows, whole)] == [APT]


@pytest.mark.parametrize(
    ("limits", "gap"),
    [
        (ScanLimits(stale="grype's database is empty: it knows no flaw"), "with an old or empty database"),
        (ScanLimits(stale="trivy's database is old"), "with an old or empty database"),
        (ScanLimits(unseen="trivy does not know the image's distribution"), "in part"),
    ],
    ids=["empty", "old", "unseen"],
)
def test_a_scan_that_does_not_see_everything_makes_no_finding_news_again(
    limits: ScanLimits, gap: str
) -> None:
    rows = scanned(result(APT, PIP)).rows
    partly = scanned(replace(result(), limits=limits))
    body = issue_body(partly, issue_body(scanned(result(APT, PIP))))
    assert f"**No findings in 1 released image; 1 image scanned {gap}.**" in body
    assert "What earlier scans found counts as known until a scan sees everything again." in body
    assert new_findings(rows, body) == []
    assert len(new_findings(rows, issue_body(scanned(result()), body))) == len(rows)


def test_thousands_of_findings_stay_within_githubs_limit() -> None:
    many = [
        ScanFinding("HIGH", f"CVE-2026-{number}", f"package-{number}", "1.0", ("1.1",), "apt")
        for number in range(5000)
    ]
    body = issue_body(scanned(result(*many)))
    assert len(body) <= LIMIT
    assert "more; the run's artifacts have all of them" in body
    assert "### What mends them" in body
    assert body.endswith("from which it counts again.\n")


def test_the_text_of_a_scanner_is_no_markup() -> None:
    odd = ScanFinding("HIGH", "X|](http://example.org)", "a`b|c\n| d @team", "<img>", ("1 #2",), "apt")
    body = issue_body(scanned(result(odd)))
    (row,) = (line for line in body.splitlines() if line.startswith("| HIGH"))
    assert row.replace("\\|", "").count("|") == 7
    assert "<img>" not in body
    assert "](http://example.org)" not in body.replace("\\](", "")
    assert "@team" not in body


def test_only_what_was_not_there_before_is_new() -> None:
    before, after = scanned(result(APT)), scanned(result(APT, PIP, variant=LEAF))
    assert [row.finding for row in new_findings(after.rows, issue_body(before))] == [PIP]
    assert new_findings(before.rows, issue_body(after)) == []
    assert [row.finding for row in new_findings(before.rows, issue_body(scanned(result())))] == [APT]
    assert news(after.rows[1:], PARENTS) == (
        "1 new finding:\n\n- HIGH [GHSA-abcd-2345-wxyz](https://github.com/advisories/GHSA-abcd-2345-wxyz): `Tornado` "
        "6.4 → 6.5 in `leaf:default`"
    )
