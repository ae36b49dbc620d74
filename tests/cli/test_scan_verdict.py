"""What is printed, annotated and put on the page of a run about the scan of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.scanner import ScanVerdict
from image_matrix.findings.model import ScanFinding, ScanLimits
from tests.publish.reported import page, report_on_base
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from _pytest.capture import CaptureResult

__all__ = ["page"]
OPENSSL = ScanFinding("HIGH", "CVE-2026-1", "openssl", "3.0.15-1", ("3.0.16-1",), "apt")
STALE = "trivy's database is of 2026-11-01, 29 days old: it knows no newer flaw"
UNSEEN = "trivy does not know the image's distribution: it looked up none of its packages"


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., CaptureResult[str]]:
    """Reports a verdict on the base image; returns what is printed."""

    def report(verdict: ScanVerdict, verbosity: int = 0) -> CaptureResult[str]:
        report_on_base(tmp_path, loaded(matrix({"base": {"from": "debian"}})), verdict, verbosity)
        return capsys.readouterr()

    return report


@pytest.mark.parametrize(
    ("day", "known"), [("", ""), ("2026-11-30", " (database of 2026-11-30)")], ids=["unknown", "known"]
)
def test_nothing_found_names_the_day_of_the_database(
    said: Callable[..., CaptureResult[str]], page: Path, day: str, known: str
) -> None:
    shown = said(ScanVerdict(rejected=False, limits=ScanLimits(day)))
    assert shown.err == f"base:default (linux/amd64): no findings that stop a release{known}\n"
    assert (shown.out, page.read_text()) == ("", "")


def test_what_a_scan_could_not_see_is_a_warning_whatever_it_found(
    said: Callable[..., CaptureResult[str]], page: Path
) -> None:
    limits = ScanLimits("2026-11-01", STALE, UNSEEN)
    for verdict in (
        ScanVerdict(rejected=False, limits=limits),
        ScanVerdict(rejected=True, findings=(OPENSSL,), limits=limits),
    ):
        page.write_text("")
        shown = said(verdict)
        for text in (STALE, UNSEEN):
            assert f"note: base:default (linux/amd64): {text}\n" in shown.err
            assert f"::warning title=scan of base%3Adefault (linux/amd64)::{text}\n" in shown.err
            assert f"base:default (linux/amd64): {text}.\n\n" in page.read_text().replace("\\", "")


def test_findings_are_printed_with_what_mends_them(
    said: Callable[..., CaptureResult[str]], page: Path
) -> None:
    shown = said(ScanVerdict(rejected=True, findings=(OPENSSL,)))
    assert shown.out == (
        "HIGH     CVE-2026-1           openssl 3.0.15-1 → 3.0.16-1\n"
        "base:default (linux/amd64): 1 finding; this run releases nothing\n"
    )
    (help_,) = (line for line in shown.err.splitlines() if line.startswith("  help: "))
    sentence = help_.removeprefix("  help: ")
    assert "openssl" in sentence
    assert f"::error title=scan of base%3Adefault (linux/amd64)::1 finding; {sentence}\n" in shown.err
    assert "**1 finding: this run releases nothing.**" in page.read_text()
    assert "| HIGH | CVE-2026-1 | openssl 3.0.15-1 → 3.0.16-1 |" in page.read_text()


def test_the_help_is_printed_in_silence_too(said: Callable[..., CaptureResult[str]]) -> None:
    assert "  help: " in said(ScanVerdict(rejected=True, findings=(OPENSSL,)), -1).err
    assert said(ScanVerdict(rejected=False), -1).err == ""


def test_a_scanner_that_gives_no_reason(said: Callable[..., CaptureResult[str]], page: Path) -> None:
    shown = said(ScanVerdict(rejected=True))
    assert (
        shown.out == "base:default (linux/amd64): the scanner rejected the image; this run releases nothing\n"
    )
    assert "the scanner rejected the image; its output says why\n" in shown.err
    assert "the scanner rejected the image; see the log: this run releases nothing" in page.read_text()


def test_outside_of_a_run_nothing_is_annotated(
    said: Callable[..., CaptureResult[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    shown = said(ScanVerdict(rejected=True, findings=(OPENSSL,), limits=ScanLimits(unseen=UNSEEN)))
    assert "::" not in shown.err
    assert UNSEEN in shown.err


def test_an_image_of_one_platform_has_its_name_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = loaded(matrix({"base": {"from": "debian", "platforms": ["linux/amd64"]}}))
    report_on_base(tmp_path, only, ScanVerdict(rejected=False), 0)
    assert capsys.readouterr().err == "base:default: no findings that stop a release\n"
