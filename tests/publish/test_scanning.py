from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from image_matrix.cli.scanner import fetch
from image_matrix.config.release import Ignored, ScannerResources, Scanning
from image_matrix.errors import EnvironmentFailure
from image_matrix.findings.model import ScanFinding
from image_matrix.pinned.actions import Tool, plugin
from image_matrix.pinned.tools import cached_release, unpack
from image_matrix.publish.accept import over_budget
from image_matrix.publish.scan_summary import summary
from image_matrix.publish.scanner_files import ignore_file
from image_matrix.publish.scanners import (
    ScanJob,
    command,
    environment,
    means_findings,
    sarif_command,
    variables_of,
)
from image_matrix.registry.exchange import ConnectionFailed
from tests.publish.support import answers, stub

JOB = ScanJob(Path("/t/image.tar"), Path("/t/report.json"), Path("/t"))
IGNORED = (Ignored("CVE-1", "2026-12-01", "not reachable"), Ignored("CVE-2", "2026-01-01", "long ago"))


def test_trivy_is_told_how_to_fail() -> None:
    words = command(Scanning(severity="HIGH"), JOB)
    assert {"--exit-code=66", "--severity=CRITICAL,HIGH", "--ignore-unfixed", "--scanners=vuln"} <= set(words)
    assert "--ignore-unfixed" not in command(Scanning(fixed_only=False), JOB)
    assert means_findings(Scanning(), 66)
    assert not means_findings(Scanning(), 1)


def test_other_scanners() -> None:
    assert command(Scanning("grype"), JOB)[:4] == ["grype", "oci-archive:/t/image.tar", "--name", "image"]
    assert means_findings(Scanning("grype"), 2)
    own = Scanning("command", command=("scan", "--in={archive}", "{report}", "; rm -rf /"))
    assert command(own, JOB) == ["scan", "--in=/t/image.tar", "/t/report.json", "; rm -rf /"]
    boxed = command(Scanning("image", command=("{archive}", "{report}"), image="x@sha256:1"), JOB)
    assert boxed[-3:] == ["x@sha256:1", "/scan/image.tar", "/scan/report.json"]
    assert "--cap-drop=ALL" in boxed


def test_what_a_scanners_container_gets() -> None:
    scanning = Scanning(
        "image", command=("{sarif}",), image="x@sha256:1", entrypoint="/bin/scan", env={"LEVEL": "strict; rm"},
        secrets=("TOKEN",), resources=ScannerResources(0.5, "4Gi"),
    )  # fmt: skip
    words = command(scanning, JOB)
    options = words[: words.index("x@sha256:1")]
    expected = {
        "--env=LEVEL=strict; rm",
        "--env=TOKEN",
        "--cpus=0.5",
        "--memory=4g",
        "--entrypoint=/bin/scan",
    }
    assert expected <= set(options)
    assert words[-1] == "/scan/report.sarif"
    variables = variables_of(scanning, "docker", {"TOKEN": "word", "PATH": "/bin", "GITHUB_TOKEN": "x"})
    assert variables == {"TOKEN": "word", "PATH": "/bin"}


def test_variables_of_a_scanner_that_runs_in_the_job() -> None:
    scanning = Scanning("command", env={"LEVEL": "strict", "LANG": "C"}, secrets=("TOKEN",))
    given = {"TOKEN": "word", "LANG": "de_DE.UTF-8", "LEVEL": "lax", "OTHER": "x"}
    assert variables_of(scanning, "./scan", given) == {"TOKEN": "word", "LANG": "C", "LEVEL": "strict"}


def test_a_secret_without_a_value() -> None:
    """GitHub gives an empty text for a secret that the repository does not have."""
    with pytest.raises(EnvironmentFailure, match="secret TOKEN has no value") as raised:
        variables_of(Scanning("command", secrets=("TOKEN",)), "./scan", {"TOKEN": ""})
    assert raised.value.help == (
        "add TOKEN to the secrets of the repository, or set the variable where you scan by hand"
    )


def test_findings_as_sarif_come_from_the_same_scan() -> None:
    assert sarif_command(Scanning(), JOB) is None
    assert sarif_command(Scanning(sarif=True), JOB) == [
        "trivy", "convert", "--format=sarif", "--output=/t/report.sarif", "/t/report.json",
    ]  # fmt: skip
    grype = command(Scanning("grype", sarif=True), JOB)
    assert {"json=/t/report.json", "sarif=/t/report.sarif"} <= set(grype)
    assert sarif_command(Scanning("grype", sarif=True), JOB) is None


def test_what_is_ignored_runs_out() -> None:
    trivy = json.loads(ignore_file(Scanning(ignore=IGNORED), "2026-11-21"))["vulnerabilities"]
    assert trivy == [{"id": "CVE-1", "statement": "not reachable"}]
    grype = json.loads(ignore_file(Scanning("grype", ignore=IGNORED), "2026-11-21"))["ignore"]
    assert grype == [{"vulnerability": "CVE-1", "include-aliases": True, "reason": "not reachable"}]
    assert json.loads(ignore_file(Scanning(ignore=IGNORED), "2026-12-01"))["vulnerabilities"] == []


@pytest.mark.parametrize(
    ("program", "passed"),
    [
        ("/cache/x/trivy", {"TRIVY_DB_REPOSITORY", "TRIVY_TOKEN"}),
        ("grype", set()),
        ("docker", {"DOCKER_HOST", "DOCKER_CONFIG"}),
        ("./my-scanner.sh", {"MY_SCANNER_LEVEL"}),
    ],
)
def test_a_scanner_gets_its_own_variables(program: str, passed: set[str]) -> None:
    always = {"PATH", "HOME", "https_proxy", "NO_PROXY", "SSL_CERT_FILE", "LC_ALL", "XDG_CACHE_HOME"}
    others = {
        "COSIGN_KEY", "GH_PAT", "GITHUB_TOKEN", "REGISTRY_LOGIN", "AWS_ACCESS_KEY_ID", "PATH_TO_KEY", "trivy_x",
        "TRIVY_DB_REPOSITORY", "TRIVY_TOKEN", "DOCKER_HOST", "DOCKER_CONFIG", "MY_SCANNER_LEVEL",
    }  # fmt: skip
    assert environment(program, dict.fromkeys(always | others, "x")).keys() == always | passed


def test_what_a_runs_summary_says() -> None:
    rows = [ScanFinding("CRITICAL", f"CVE-{number}", "a|b", "1.2", ("1.3",)) for number in range(120)]
    said = summary("base:python3.13", rows)
    assert said.startswith("### Scan of base:python3.13\n\n**120 findings: this run releases nothing.**\n\n|")
    assert "| CRITICAL | CVE-99 | a\\|b 1.2 → 1.3 |\n\n… and 20 more" in said
    assert summary("base", rows[:1], ["`lock` brings it"]).endswith("|\n\n- `lock` brings it\n")
    odd = replace(rows[0], package="a\n## b @team <img>")
    assert "| a \\#\\# b @&#8203;team \\<img\\> 1.2 → 1.3 |\n" in summary("base", [odd])
    assert "**1 finding:" in summary("base:python3.13", rows[:1])
    assert "rejected the image; see the log" in summary("base:python3.13", [])


@pytest.mark.parametrize(("size", "limit", "right"), [(100, None, True), (5, 5, True), (6, 5, False)])
def test_size_budget(size: int, limit: int | None, right: bool) -> None:
    assert (over_budget(size, limit) is None) is right


def archive(name: str, program: bytes = b"bin") -> bytes:
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz") as made:
        info = tarfile.TarInfo(name)
        info.size = len(program)
        made.addfile(info, io.BytesIO(program))
    return found.getvalue()


RELEASE = archive("trivy")
TRIVY = Tool("trivy", "1", "https://example.org/trivy.tar.gz", hashlib.sha256(RELEASE).hexdigest())
KEPT = f"trivy-1-{TRIVY.sha256[:12]}"


def test_a_pinned_program_and_no_other(tmp_path: Path) -> None:
    program = unpack(TRIVY, cached_release(TRIVY, tmp_path / "cache", lambda _: [RELEASE]), tmp_path)
    assert program.read_bytes() == b"bin"
    assert program.stat().st_mode & 0o111
    wrong = replace(TRIVY, sha256="0" * 64)
    with pytest.raises(EnvironmentFailure, match="has the SHA-256"):
        cached_release(wrong, tmp_path / "wrong", lambda _: [RELEASE])
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize(
    ("name", "content", "fetched"),
    [
        (KEPT, RELEASE, False),
        (KEPT, b"#!/bin/sh\necho foreign\n", True),
        (KEPT, RELEASE[:-1], True),
        (KEPT, b"", True),
        (f"trivy-0-{TRIVY.sha256[:12]}", RELEASE, True),
        ("trivy-1-000000000000", RELEASE, True),
        ("trivy", b"#!/bin/sh\necho foreign\n", True),
    ],
    ids=["kept", "foreign", "damaged", "empty", "old version", "other content", "program"],
)
def test_what_is_kept_is_compared_before_each_use(
    tmp_path: Path, name: str, content: bytes, fetched: bool
) -> None:
    (tmp_path / name).write_bytes(content)
    asked: list[str] = []

    def fetch(url: str) -> list[bytes]:
        asked.append(url)
        return [RELEASE]

    for _ in range(2):
        assert cached_release(TRIVY, tmp_path, fetch) == RELEASE
    assert asked == ([TRIVY.url] if fetched else [])
    assert (tmp_path / KEPT).read_bytes() == RELEASE


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert cached_release(TRIVY, tmp_path / "file", lambda _: [RELEASE]) == RELEASE


def test_a_release_without_the_program(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="has no program `grype`"):
        unpack(replace(TRIVY, name="grype"), RELEASE, tmp_path)


def test_a_release_page_that_cannot_be_reached(tmp_path: Path) -> None:
    def gone(_: str) -> list[bytes]:
        raise ConnectionFailed("no answer in time")

    with pytest.raises(EnvironmentFailure, match="could not be fetched: no answer in time") as caught:
        cached_release(TRIVY, tmp_path, gone)
    assert "mirrors.downloads" in caught.value.help


def test_the_pinned_plugin_is_known_by_name() -> None:
    found = plugin("com.amazonaws.signer.notation.plugin", "amd64")
    assert found
    assert found[0].startswith("https://")
    assert len(found[1]) == 64
    assert plugin("com.amazonaws.signer.notation.plugin", "arm64") is None
    assert plugin("com.example", "amd64") is None


@pytest.mark.parametrize(
    ("host", "plain"),
    [
        ("localhost:5000", True),
        ("127.0.0.1:5000", True),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("ghcr.io", False),
    ],
)
def test_only_this_machine_is_asked_without_tls(
    host: str, plain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(tmp_path, "", 0)
    stub(tmp_path, monkeypatch, "skopeo")
    fetch(f"{host}/x@sha256:{'1' * 64}", "linux/amd64", "oci:image")
    assert ("--src-tls-verify=false" in (tmp_path / "calls").read_text()) is plain
