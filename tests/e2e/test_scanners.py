"""Trivy and Grype themselves, called by our commands, on images in a real registry; their databases are ours."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import uuid
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from image_matrix.cli import run
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.config.release import Scanning
from image_matrix.findings.reports import findings
from image_matrix.pinned import actions
from image_matrix.pinned.actions import Tool, tool_version
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from tests.e2e.flaw_databases import Flaw, grype_listing, trivy_artifact, trivy_java_database
from tests.e2e.place import serving
from tests.e2e.scanners import PROGRAMS, Scanner, released, report_of, scanner
from tests.e2e.tiny_images import Repository, files_layer
from tests.findings.rescanned import DEBIAN, Clone, dpkg_layer, make_clone

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed"),
]
REPORTS = Path(__file__).parent.parent / "findings" / "reports"
"""Reports of the scanners themselves, for tests that cannot run them."""
OPENSSL = Flaw("CVE-2026-1001", "openssl", "CRITICAL", "3.0.16-1")
TAR = Flaw("CVE-2026-1002", "tar", "HIGH")
CURL = Flaw("CVE-2026-1003", "curl", "MEDIUM", "8.2-1")
TORNADO = Flaw("CVE-2026-1004", "tornado", "HIGH", "6.5.0", "pip", "GHSA-2345-cfgh-jmpq")
LODASH = Flaw("CVE-2026-1005", "lodash", "LOW", "4.17.21", "npm", "GHSA-2345-cfgh-qrvw")
FLAWS = (OPENSSL, TAR, CURL, TORNADO, LODASH)
NODE = {"usr/lib/node_modules/lodash/package.json": '{"name": "lodash", "version": "4.17.20"}'}
LAYER = dpkg_layer({"openssl": "3.0.15-1", "tar": "1.35", "curl": "8.1-1"}, {"tornado": "6.4.1"}, more=NODE)


@dataclass
class Place:
    """A clone, a scanner, and the caller's terminal."""

    clone: Clone
    scanner: Scanner
    folder: Path
    capture: pytest.CaptureFixture[str]
    day: str
    """The day of the database; the program may already be in the next one."""

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        code = run(["-C", str(self.clone.root), *arguments])
        shown = self.capture.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out, shown.err

    def write(self, layer: bytes = LAYER, *, workflow: dict[str, Any] | None = None, **scan: Any) -> str:
        """Write the matrix, and the image that it names; return the image, by digest."""
        settings = {"tool": self.scanner.tool, "env": self.scanner.offline, "severity": "HIGH", **scan}
        images = {"base": {"from": "debian", "kind": "base"}}
        more = {"workflow": workflow} if workflow else {}
        self.clone.write(images=images, release={"sign": "none", "scan": settings}, **more)
        state = state_of(load_project(read_inputs(self.clone.root)))
        (reference,) = references(state).values()
        name, _, tag = reference.rpartition(":")
        return Repository(name).at(Repository(name).image("amd64", tag, layer)["digest"])

    def report(self) -> dict[str, Any]:
        """The scanner's own report."""
        return dict(json.loads((self.folder / "scan.json").read_text()))

    def found(self, out: str) -> set[tuple[str, str]]:
        """Finding and package of each line that `scan` printed."""
        return {
            (words[1], words[2])
            for line in out.splitlines()
            if len(words := line.split()) > 3 and "→" in line
        }

    def said(self, *flaws: Flaw) -> set[tuple[str, str]]:
        return {(self.scanner.named(flaw), flaw.package) for flaw in flaws}


@pytest.fixture(scope="module", params=("trivy", "grype"))
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scanner, Path]:
    """A scanner, and a file with its release."""
    folder = tmp_path_factory.mktemp(request.param)
    found = scanner(request.param, folder / "cache")
    (folder / "release.tar").write_bytes(released(found))
    return found, folder / "release.tar"


@pytest.fixture
def place(
    program: tuple[Scanner, Path],
    registry: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    found, release = program
    pinned = Tool(
        found.tool, found.version, "https://example.org/x", hashlib.sha256(release.read_bytes()).hexdigest()
    )
    monkeypatch.setattr(actions, "tool", lambda *_: pinned)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "image-matrix"
    cache.mkdir(mode=0o700)
    (cache / f"{found.tool}-{found.version}-{pinned.sha256[:12]}").symlink_to(release)
    clone = make_clone(tmp_path, f"{registry}/scan-{uuid.uuid4().hex[:8]}")
    today = datetime.now(UTC).date().isoformat()
    found.know(FLAWS, today)
    return Place(clone, found, tmp_path, capsys, today)


def shortened(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report without what differs at each scan, and without Grype's settings."""
    if described := report.get("descriptor"):
        del described["configuration"]
        described["db"]["status"]["path"] = "vulnerability.db"
    return {name: value for name, value in report.items() if name not in ("ReportID", "CreatedAt")}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_trivys_pin_is_between_the_versions_that_run_here(tmp_path: Path) -> None:
    before, after = (numbers(scanner(name, tmp_path).version) for name in ("trivy-older", "trivy"))
    assert before <= numbers(tool_version("trivy")) <= after


def test_grype_runs_at_its_pin(tmp_path: Path) -> None:
    assert scanner("grype", tmp_path).version == tool_version("grype")


@pytest.mark.parametrize("program", PROGRAMS, indirect=True)
def test_findings_stop_a_release(place: Place) -> None:
    place.write()
    code, out, err = place("scan", "base")
    assert code == 1, err
    assert f"CRITICAL {OPENSSL.id}        openssl 3.0.15-1 → 3.0.16-1" in out
    assert re.search(rf"HIGH     {place.scanner.named(TORNADO)} +tornado 6\.4\.1 → 6\.5\.0", out)
    assert place.found(out) == place.said(OPENSSL, TORNADO)
    assert "base:default: 2 findings; this run releases nothing" in out
    kept = REPORTS / f"{place.scanner.tool}.json"
    scanning = Scanning(place.scanner.tool, "HIGH")
    if os.environ.get("IMAGE_MATRIX_UPDATE"):
        text = json.dumps(shortened(place.report()), indent=1)
        kept.write_text(text.replace(place.clone.registry, "registry.example.org/team") + "\n")
    assert findings(scanning, json.loads(kept.read_text())) == findings(scanning, place.report())


@pytest.mark.parametrize(
    ("settings", "flaws"),
    [
        ({"severity": "CRITICAL"}, (OPENSSL,)),
        ({"severity": "MEDIUM"}, (OPENSSL, CURL, TORNADO)),
        ({"fixed_only": False}, (OPENSSL, TAR, TORNADO)),
        ({"severity": "LOW", "fixed_only": False}, FLAWS),
    ],
    ids=["critical", "medium", "unfixed", "all"],
)
def test_what_counts(place: Place, settings: dict[str, Any], flaws: tuple[Flaw, ...]) -> None:
    place.write(**settings)
    code, out, _ = place("scan", "base")
    assert (code, place.found(out)) == (1, place.said(*flaws))
    assert place.said(*flaws) <= report_of(place.scanner, place.report())
    read = findings(Scanning(place.scanner.tool, "LOW"), place.report())
    assert {(one.package, one.installer) for one in read} >= {(one.package, one.installer) for one in flaws}


def test_exceptions_count_until_their_day(place: Place) -> None:
    def ignored(until: str) -> list[dict[str, str]]:
        return [{"id": one.id, "until": until, "reason": "no: server"} for one in (OPENSSL, TORNADO)]

    place.write(ignore=ignored("2099-01-01"))
    code, out, err = place("scan", "base")
    assert (code, out) == (0, ""), err
    assert f"base:default: no findings that stop a release (database of {place.day})\n" in err
    place.write(ignore=ignored(place.day))
    assert place.found(place("scan", "base")[1]) == place.said(OPENSSL, TORNADO)


def test_nothing_found_by_a_database_that_is_old_or_empty(place: Place) -> None:
    old = {"GRYPE_DB_VALIDATE_AGE": "false"} if place.scanner.tool == "grype" else {}
    place.write(env={**place.scanner.offline, **old})
    day = (date.fromisoformat(place.day) - timedelta(days=30)).isoformat()
    place.scanner.know((), day)
    code, out, err = place("scan", "base")
    assert (code, out) == (0, ""), err
    said = " ".join(err.split())
    if place.scanner.tool == "grype":
        assert "note: base:default: grype's database is empty: it knows no flaw" in said
        place.scanner.know((Flaw("CVE-2026-1", "nothing", "LOW", "1"),), day)
        said = " ".join(place("scan", "base")[2].split())
    age = f"note: base:default: {place.scanner.tool}'s database is of {day}, (30|31) days old: it knows no newer flaw"
    assert re.search(age, said), said


def test_a_distribution_that_the_scanner_does_not_know(place: Place) -> None:
    place.write(files_layer({"var/lib/dpkg/status": "Package: openssl\nVersion: 3.0.15-1\n\n"}))
    code, out, err = place("scan", "base")
    assert (code, out) == (0, ""), err
    assert f"note: base:default: {place.scanner.tool} does not know the image's distribution" in " ".join(
        err.split()
    )


def test_a_release_of_the_distribution_that_has_ended(place: Place) -> None:
    """Trivy reads the version from debian_version. Grype 0.120 then looks for the end of 10.13, and not that of 10."""
    files = {
        "etc/os-release": 'ID=debian\nVERSION_ID="10"\n',
        "etc/debian_version": "10.13\n",
        "var/lib/dpkg/status": "Package: openssl\nStatus: install ok installed\nVersion: 3.0.15-1\n\n",
    }
    if place.scanner.tool == "grype":
        del files["etc/debian_version"]
    place.write(files_layer(files))
    code, out, err = place("scan", "base")
    assert (code, out) == (0, ""), err
    assert "note: base:default: the image's release of debian gets no updates any more" in " ".join(
        err.split()
    )


def test_java_archives_need_a_database_of_their_own(place: Place) -> None:
    """Trivy fetches it where an image has such a file, here from where it is not; Grype has none."""
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    layer = files_layer({**DEBIAN, "opt/app/tool-1.0.jar": jar.getvalue()})
    absent = f"{place.clone.registry}/absent/trivy-java-db:1"
    env = {"TRIVY_JAVA_DB_REPOSITORY": absent} if place.scanner.tool == "trivy" else {}
    place.write(layer, env={**place.scanner.offline, **env})
    code, _, err = place("scan", "base")
    if place.scanner.tool == "trivy":
        assert code == 3, err
        code, err = with_java_database(place, layer)
    assert code == 0, err


def with_java_database(place: Place, layer: bytes) -> tuple[int, str]:
    """Scan with Trivy's second database, and remove it: other tests of the module have the same cache."""
    place.write(layer, env={**place.scanner.offline, "TRIVY_SKIP_JAVA_DB_UPDATE": "true"})
    try:
        trivy_java_database(place.scanner.cache, place.day)
        code, _, err = place("scan", "base")
    finally:
        shutil.rmtree(place.scanner.cache / "java-db")
    return code, err


def test_a_scanner_without_a_database_is_a_failure(place: Place) -> None:
    shutil.rmtree(place.scanner.cache)
    place.write()
    code, out, err = place("scan", "base")
    assert (code, out) == (3, "")
    assert "error: base:default linux/amd64: the scanner failed (exit code 1)\n  help: see its output" in err


def test_code_scanning_gets_the_same_places_at_each_scan(place: Place) -> None:
    image = place.write(sarif=True)

    def places() -> list[tuple[str, str]]:
        assert place("scan", "base", "--sarif", "found.sarif")[0] == 1
        text = (place.folder / "found.sarif").read_text()
        assert str(place.folder) not in text
        assert "image-matrix-" not in text, "no name of a temporary folder"
        return sorted(
            (
                one["ruleId"].partition("-openssl")[0],
                one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            )
            for one in json.loads(text)["runs"][0]["results"]
        )

    first = places()
    assert places() == first
    name = image.partition("/")[2].partition("@")[0]
    of_apt = next(uri for rule, uri in first if rule == OPENSSL.id)
    assert of_apt.partition("/var/")[0].rstrip("/") in (name, name.rpartition("/")[2])


def test_what_is_released_is_scanned_and_the_report_is_attached(place: Place) -> None:
    image = place.write(attach=True)
    digest = image.partition("@")[2]
    place.clone.offer("release", base=digest)
    code, out, err = place("scan", "--released", "--format", "json")
    assert code == 1, err
    data = json.loads(out)
    assert {(one["id"], one["package"]) for one in data["findings"]} == place.said(OPENSSL, TORNADO)
    (tornado,) = (one for one in data["findings"] if one["package"] == "tornado")
    assert (tornado["installer"], tornado["path"].endswith("tornado-6.4.1.dist-info/METADATA")) == (
        "pip",
        True,
    )
    assert {tornado["id"], *tornado["aliases"]} == {TORNADO.id, TORNADO.ghsa}
    assert data["scanned"][0]["limits"] == {
        "database": place.day,
        "stale": None,
        "unseen": None,
        "ended": None,
    }
    assert place("scan", "base", "--attach")[0] == 1
    code, out, err = place("status", "--format", "json")
    assert '"critical": 1' in out.lower(), out + err


def test_the_database_of_a_mirror(place: Place, tmp_path: Path) -> None:
    """As docs/workflow.md has it for closed networks."""
    scanner, files = place.scanner, tmp_path / "mirror"
    with serving(files, "127.0.0.1") as address:
        if scanner.tool == "trivy":
            mirror = f"{place.clone.registry}/mirror/trivy-db"
            trivy_artifact(Repository(mirror), scanner.cache, "2")
            env = {"TRIVY_DB_REPOSITORY": f"{mirror}:2", "TRIVY_CACHE_DIR": str(tmp_path / "new")}
        else:
            grype_listing(scanner.cache / "new.db", files / "grype" / "v6", place.day)
            env = {
                "GRYPE_DB_UPDATE_URL": f"{address}/grype/v6/latest.json",
                "GRYPE_DB_CACHE_DIR": str(tmp_path / "new"),
            }
        place.write(env=env)
        code, out, err = place("scan", "base")
    assert (code, place.found(out)) == (1, place.said(OPENSSL, TORNADO)), err


@pytest.mark.parametrize("program", PROGRAMS, indirect=True)
def test_the_step_of_the_workflow(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the words that are rendered into the action."""
    place.write(sarif=True, attach=True)
    assert place("render")[0] == 0
    action = yaml.safe_load((place.clone.root / ".github/actions/scan-image/action.yaml").read_text())
    (step,) = (one for one in action["runs"]["steps"] if one.get("id") == "scan")
    for name, value in {"VARIANT": "base:default", "PLATFORM": "linux/amd64"}.items():
        monkeypatch.setenv(name, value)
    program, *words = shlex.split(os.path.expandvars(step["run"]))
    assert program == "image-matrix"
    written = {name: place.folder / name for name in ("scan.json", "scan.sarif", "scanned.json")}
    code, out, err = place(*words)
    assert code == 1, err
    assert place.said(OPENSSL, TORNADO) == place.found(out) <= report_of(place.scanner, place.report())
    assert json.loads(written["scanned.json"].read_text()) == [], "it is rejected"
    assert "the report is attached to " in err
    place.scanner.know([Flaw("CVE-2026-1", "nothing", "LOW", "1")], place.day)
    assert place(*words)[0] == 0
    (result,) = json.loads(written["scanned.json"].read_text())
    assert result["report"] == hashlib.sha256(written["scan.json"].read_bytes()).hexdigest()
    assert json.loads(written["scan.sarif"].read_text())["runs"][0]["results"] == []


def test_the_steps_that_scan_what_is_released(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that has run out is named, although Grype calls its finding by another name."""
    until = {"until": "2026-01-01", "reason": "no server"}
    image = place.write(
        workflow={"rescan": {"issue": False}}, ignore=[{"id": one.id, **until} for one in (TORNADO, TAR)]
    )
    place.clone.offer("release", base=image.partition("@")[2])
    for name in ("OUTPUT", "STEP_SUMMARY"):
        monkeypatch.setenv(f"GITHUB_{name}", str(place.folder / name))
    jobs = place.folder / "jobs"
    listed = jobs / "rescan-released" / "released.json"
    listed.parent.mkdir(parents=True)
    assert place("ci", "rescan-list", str(listed))[0] == 0
    assert place("ci", "rescan", "--part", "1", "--to", str(jobs / "rescan-part-1"), str(listed))[0] == 0
    code, out, err = place("ci", "rescan-report", str(jobs))
    assert code == 1, err
    assert "2 findings in 1 of 1 released image" in out
    summary = (place.folder / "STEP_SUMMARY").read_text()
    assert (
        f"[{TORNADO.id}](https://nvd.nist.gov/vuln/detail/{TORNADO.id}) counts again since 2026-01-01"
        in summary
    )
    assert TAR.id not in summary, "nobody has a fix"


def test_our_bill_of_materials(place: Place) -> None:
    """As docs/inventory.md hands it on: Trivy reads a file, Grype its input."""
    place.write()
    code, out, err = place("-q", "packages", "--image", "base", "--from-image", "--format", "cyclonedx")
    assert code == 0, err
    (place.folder / "base.cdx.json").write_text(out)
    scanner = place.scanner
    words = {
        "trivy": ["sbom", "--format=json", "--skip-version-check", "--disable-telemetry", "base.cdx.json"],
        "grype": ["--output=json"],
    }[scanner.tool]
    environment = {**os.environ, **scanner.offline, "GRYPE_CHECK_FOR_APP_UPDATE": "false"}
    done = subprocess.run(
        [str(scanner.program), *words],
        input=out, env=environment, cwd=place.folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert report_of(scanner, json.loads(done.stdout)) == place.said(*FLAWS)
