"""What `scan` makes of a scanner's end, with scanners that are small scripts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from image_matrix.cli.scan import _legs
from image_matrix.cli.scanner import _report as read_report
from image_matrix.cli.scanner import judge
from image_matrix.cli.scanner_program import scanner_program
from image_matrix.cli.session import Session
from image_matrix.config.release import Scanning
from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.pinned import actions
from image_matrix.pinned.actions import Tool
from image_matrix.publish.scanners import ScanJob
from tests.findings.rescanned import OPENSSL, release_of_trivy, write_layout
from tests.publish.reported import page, report_on_base
from tests.workflow.matrices import loaded, matrix

from .test_scanning import archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded

__all__ = ["page"]


def declared(script: str) -> Loaded:
    scan = {"tool": "command", "command": ["sh", "-c", script, "sh", "{archive}", "{report}"]}
    return loaded(matrix({"base": {"from": "debian"}}, release={"scan": scan}))


@pytest.fixture(autouse=True)
def command() -> Iterator[None]:
    """A command, for whose time certificates and proxies are set."""
    with click.Context(click.Command("scan")):
        yield


@pytest.fixture
def job(tmp_path: Path) -> ScanJob:
    (tmp_path / "image.tar").write_text("an image")
    return ScanJob(tmp_path / "image.tar", tmp_path / "report.json", tmp_path)


def scanned(script: str, job: ScanJob) -> int:
    return scan(declared(script), job)


def scan(project: Loaded, job: ScanJob) -> int:
    """Scan what lies in a folder as the base image, and report it; return 1 if it is rejected."""
    session = Session(Path(job.folder), "matrix.yaml", (), -1)
    with scanner_program(session, project) as program:
        verdict = judge(session, project, program, job)
    report_on_base(job.folder, project, verdict)
    return int(verdict.rejected)


@pytest.mark.parametrize(
    ("asked", "machine", "scanned_for"),
    [
        (None, "arm64", {"base": "linux/arm64", "leaf": "linux/amd64"}),
        (None, "amd64", {"base": "linux/amd64", "leaf": "linux/amd64"}),
        ("linux/amd64", "arm64", {"base": "linux/amd64", "leaf": "linux/amd64"}),
    ],
)
def test_the_platform_of_this_machine_is_scanned_if_the_image_has_it(
    asked: str | None, machine: str, scanned_for: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"base": {"from": "debian"}, "leaf": {"from": "base", "platforms": ["linux/amd64"]}}
    project = loaded(matrix(both, defaults={"images": {"platforms": ["linux/amd64", "linux/arm64"]}}))
    monkeypatch.setattr("image_matrix.pinned.tools.native_arch", lambda: machine)
    for name, platform in scanned_for.items():
        assert _legs(project, (name,), asked) == [(f"{name}:default", platform)]
    with pytest.raises(CallError, match="leaf:default is not built for linux/arm64"):
        _legs(project, ("leaf",), "linux/arm64")


def test_nothing_found(job: ScanJob, page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scanned('cp "$1" "$2"', job) == 0
    assert (job.report.read_text(), page.read_text(), capsys.readouterr().out) == ("an image", "", "")


def test_a_refusal_is_on_the_runs_page(job: ScanJob, page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scanned('echo "no JSON" > "$2"; exit 7', job) == 1
    shown = capsys.readouterr()
    assert (
        shown.out == "base:default (linux/amd64): the scanner rejected the image; this run releases nothing\n"
    )
    assert "::error title=scan of base%3Adefault (linux/amd64)::the scanner rejected the image; " in shown.err
    assert "### Scan of base:default (linux/amd64)" in page.read_text()


def test_a_scanner_gets_no_secrets(job: ScanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {
        "GITHUB_TOKEN",
        "COSIGN_KEY",
        "GH_PAT",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "DOCKER_CONFIG",
        "PLAIN",
    }
    for name in (*others, "HTTPS_PROXY", "SH_LEVEL"):
        monkeypatch.setenv(name, "x")
    assert scanned('env > "$2"', job) == 0
    names = {line.partition("=")[0] for line in job.report.read_text().splitlines()}
    assert {"PATH", "HTTPS_PROXY", "SH_LEVEL"} <= names
    assert not names & others


def test_a_scanner_runs_from_its_checked_release(
    job: ScanJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies in the cache by the scanner's name."""
    release = archive("trivy", b"#!/bin/sh\necho checked > ran\n")
    pinned = Tool("trivy", "1", "https://example.org/trivy.tar.gz", hashlib.sha256(release).hexdigest())
    monkeypatch.setattr(actions, "tool", lambda *_: pinned)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RUNNER_TEMP", raising=False)
    for cache in (tmp_path / "cache/image-matrix", tmp_path / "home/.cache/image-matrix"):
        (cache / "tools").mkdir(parents=True)
        (cache / "tools").chmod(0o700)
        (cache / "tools" / f"trivy-1-{pinned.sha256[:12]}").write_bytes(release)
        for folder in (cache, cache / "tools"):
            (folder / "trivy").write_text("#!/bin/sh\necho foreign > ran\n")
            (folder / "trivy").chmod(0o755)
    matrix_ = loaded(matrix({"base": {"from": "debian"}}, release={"scan": {"tool": "trivy"}}))
    assert scan(matrix_, job) == 0
    assert (job.folder / "ran").read_text() == "checked\n"
    assert list((tmp_path / "cache/image-matrix/tools").glob(".*")) == []


def test_a_scanner_that_is_not_there(job: ScanJob) -> None:
    said = loaded(
        matrix(
            {"base": {"from": "debian"}},
            release={"scan": {"tool": "command", "command": ["./nowhere", "{archive}", "{report}"]}},
        )
    )
    with pytest.raises(EnvironmentFailure, match=r"`\./nowhere` does not run"):
        scan(said, job)


def test_reports_that_cannot_be_read(job: ScanJob) -> None:
    assert read_report(Scanning("trivy"), job) == {}
    job.report.write_text("{")
    with pytest.raises(EnvironmentFailure, match="the report of trivy is not JSON"):
        read_report(Scanning("trivy"), job)
    assert read_report(Scanning("command"), job) == {}
    job.report.write_text(json.dumps({"Results": []}))
    assert read_report(Scanning("trivy"), job) == {"Results": []}


def test_a_report_of_another_form_is_a_failure_of_the_scanner(
    job: ScanJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("image_matrix.cli.scanner._run", lambda *_: 66)
    monkeypatch.setattr("image_matrix.cli.scanner._version", lambda *_: None)
    job.report.write_text(json.dumps({"Results": "ab"}))
    project = loaded(matrix({"base": {"from": "debian"}}, release={"scan": {"tool": "trivy"}}))
    with pytest.raises(EnvironmentFailure, match="the report of trivy cannot be read"):
        judge(Session(job.folder, "matrix.yaml", (), -1), project, "trivy", job)


def test_a_scanner_gets_what_the_matrix_names(job: ScanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCANNER_TOKEN", "word")
    scanner = {
        "tool": "command",
        "command": ["sh", "-c", 'env > "$2"', "sh", "{archive}", "{report}"],
        "env": {"LEVEL": "$HOME `id`"},
        "secrets": ["SCANNER_TOKEN"],
    }
    matrix_ = loaded(matrix({"base": {"from": "debian"}}, release={"scan": scanner}))
    assert scan(matrix_, job) == 0
    lines = job.report.read_text().splitlines()
    assert {"LEVEL=$HOME `id`", "SCANNER_TOKEN=word"} <= set(lines)


def test_names_in_a_report_control_neither_the_log_nor_the_page(
    job: ScanJob, page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("image_matrix.cli.scanner._run", lambda *_: 66)
    monkeypatch.setattr("image_matrix.cli.scanner._version", lambda *_: None)
    name = "a\n::error::x\x1b[2J @team](http://example.org)"
    flaw = {"Severity": "HIGH", "VulnerabilityID": "CVE-1", "PkgName": name, "PkgPath": name}
    system = {"Family": name, "EOSL": True}
    report = {"Metadata": {"OS": system}, "Results": [{"Vulnerabilities": [flaw]}]}
    job.report.write_text(json.dumps(report))
    project = loaded(matrix({"base": {"from": "debian"}}, release={"scan": {"tool": "trivy"}}))
    verdict = judge(Session(job.folder, "matrix.yaml", (), -1), project, "trivy", job)
    report_on_base(job.folder, project, verdict)
    shown = capsys.readouterr()
    assert "gets no updates any more" in " ".join(shown.err.split())
    assert "\x1b" not in shown.out + shown.err
    assert "\n::error::x" not in shown.out + shown.err
    text = page.read_text()
    assert "\n::error" not in text
    assert "@team" not in text
    assert "](http" not in text.replace("\\](", "")


TRIVY = """#!/bin/sh
case "$1" in
  image) echo '{}' > report.json; exit 66 ;;
  convert) echo "$@" > report.sarif ;;
esac
"""


def test_findings_are_converted_although_they_stop_the_release(
    job: ScanJob, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = archive("trivy", TRIVY.encode())
    pinned = Tool("trivy", "1", "https://example.org/trivy.tar.gz", hashlib.sha256(release).hexdigest())
    monkeypatch.setattr(actions, "tool", lambda *_: pinned)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    cache = tmp_path / "image-matrix"
    cache.mkdir(mode=0o700)
    (cache / f"trivy-1-{pinned.sha256[:12]}").write_bytes(release)
    matrix_ = loaded(matrix({"base": {"from": "debian"}}, release={"scan": {"tool": "trivy", "sarif": True}}))
    assert scan(matrix_, job) == 1
    assert job.sarif.read_text().startswith("convert --format=sarif ")
    assert "Scan of base:default (linux/amd64)" in page.read_text()


def test_findings_say_what_would_mend_them(
    job: ScanJob,
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    release = release_of_trivy()
    pinned = Tool("trivy", "1", "https://example.org/trivy.tar.gz", hashlib.sha256(release).hexdigest())
    monkeypatch.setattr(actions, "tool", lambda *_: pinned)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("TRIVY_FLAWS", str(tmp_path / "flaws.json"))
    cache = tmp_path / "image-matrix"
    cache.mkdir(mode=0o700)
    (cache / f"trivy-1-{pinned.sha256[:12]}").write_bytes(release)
    (tmp_path / "flaws.json").write_text(json.dumps([OPENSSL]))
    laid_out = write_layout(tmp_path / "layout", {"openssl": "3.0.15-1"})
    project = loaded(matrix({"base": {"from": "debian"}}, release={"scan": {"tool": "trivy"}}))
    assert scan(project, replace(job, image=laid_out)) == 1
    shown = capsys.readouterr()
    brings = '`gh workflow run lock.yaml -f names="apt"` brings openssl'
    assert shown.out.startswith(
        "CRITICAL CVE-2026-1           openssl 3.0.15-1 → 3.0.16-1\nbase:default (linux/amd64): 1 finding;"
    )
    assert brings in shown.err
    assert f"| CRITICAL | CVE-2026-1 | openssl 3.0.15-1 → 3.0.16-1 |\n\n- {brings}\n" in page.read_text()
