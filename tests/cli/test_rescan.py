"""What is released through a scanner again: on the command line, and in the steps of the workflow.

skopeo, git and HTTP are real. Trivy is a stand-in with a list of its own, since its database cannot be had everywhere.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from image_matrix.pinned import actions
from image_matrix.pinned.actions import Tool
from tests.e2e.tiny_images import Repository
from tests.findings.rescanned import (
    OPENSSL,
    UNFIXED,
    ZLIB,
    Clone,
    dpkg_layer,
    make_clone,
    push_image,
    release_of_trivy,
    sha256,
)
from tests.github.issue_server import IssueServer, issue_server
from tests.registry.writable import Behaviour, Writable, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed"),
]
OLD = {"openssl": "3.0.15-1", "tar": "1.35"}
BOTH = ("amd64", "arm64")
DAY, LATER = "2026-01-01", "2099-01-01"


@dataclass
class Place:
    """A clone, the registry, the list of the stand-in, and GitHub's API."""

    clone: Clone
    flaws: Path
    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    issues: IssueServer
    registry: Writable

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.capture.readouterr()
        code = run(["-C", str(self.clone.root), *arguments])
        shown = self.capture.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out, shown.err

    def push(self, name: str, versions: dict[str, str], *archs: str) -> str:
        return push_image(Repository(f"{self.clone.registry}/{name}"), versions, *archs)

    def know(self, *flaws: dict[str, Any]) -> None:
        self.flaws.write_text(json.dumps(flaws))

    def workflow(self) -> tuple[int, str]:
        """Run the steps of the workflow; return the worst code, and what the last step prints."""
        values = {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": self.issues.url, "GITHUB_TOKEN": "t0ken"}
        for name, value in values.items():
            self.patch.setenv(name, value)
        self.patch.setenv("GITHUB_REPOSITORY", "example/notebooks")
        for name in ("OUTPUT", "STEP_SUMMARY"):
            (self.folder / name).write_text("")
            self.patch.setenv(f"GITHUB_{name}", str(self.folder / name))
        jobs = self.folder / "jobs"
        shutil.rmtree(jobs, ignore_errors=True)
        self.listed.parent.mkdir(parents=True)
        codes = [self("ci", "rescan-list", str(self.listed))[0]]
        outputs = dict(line.split("=") for line in (self.folder / "OUTPUT").read_text().splitlines())
        for part in json.loads(outputs["parts"]):
            to = str(jobs / f"rescan-part-{part}")
            codes.append(self("ci", "rescan", "--part", str(part), "--to", to, str(self.listed))[0])
        code, out, err = self("ci", "rescan-report", str(jobs))
        return max(*codes, code), f"{out}{err}"

    @property
    def listed(self) -> Path:
        """The list of what is released, where the last job finds its artifact."""
        return self.folder / "jobs" / "rescan-released" / "released.json"

    @property
    def summary(self) -> str:
        return (self.folder / "STEP_SUMMARY").read_text()


@pytest.fixture
def place(
    pauses: list[float],  # noqa: ARG001 - nobody waits here
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Place]:
    release = release_of_trivy()
    pinned = Tool("trivy", "1", "https://example.org/trivy.tar.gz", sha256(release))
    monkeypatch.setattr(actions, "tool", lambda *_: pinned)
    cache = tmp_path / "image-matrix"
    cache.mkdir(mode=0o700)
    (cache / f"trivy-1-{pinned.sha256[:12]}").write_bytes(release)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("TRIVY_FLAWS", str(tmp_path / "flaws.json"))
    monkeypatch.setenv("COLUMNS", "80")
    with serving(Behaviour()) as registry, issue_server() as issues:
        clone = make_clone(tmp_path, f"{registry.host}/team")
        clone.write()
        made = Place(clone, tmp_path / "flaws.json", tmp_path, capsys, monkeypatch, issues, registry)
        made.know(OPENSSL, UNFIXED)
        yield made


@pytest.fixture
def released(place: Place) -> Place:
    """Two images, of which one stands on the other; the leaf for two platforms."""
    base = place.push("base", OLD, *BOTH)
    place.clone.offer("release", "amd64", "arm64", base=base, leaf=place.push("leaf", OLD, *BOTH))
    return place


def test_nothing_is_released_yet(place: Place) -> None:
    code, out, err = place("scan", "--released")
    assert (code, out) == (0, "")
    assert "nothing is released yet: there is nothing to scan" in err
    assert place.workflow() == (
        0,
        "0 findings in 0 of 0 released images\nno findings, and no issue is open\n",
    )
    assert "Nothing is released yet" in place.summary


def test_the_findings_of_what_is_released(released: Place) -> None:
    code, out, err = released("scan", "--released")
    assert code == 1
    assert out == (Path(__file__).parent / "rescan.txt").read_text()
    assert "1 finding in 4 of 4 released images" in err
    assert "help: `image-matrix lock --upgrade apt && image-matrix render` brings openssl" in err


def test_only_what_is_asked_for(released: Place) -> None:
    _, out, err = released("scan", "--released", "leaf", "--platform", "linux/arm64", "--format", "json")
    data = json.loads(out)
    assert [one["platform"] for one in data["scanned"]] == ["linux/arm64"]
    assert data["findings"][0]["remedies"] == [{"action": "lock", "subject": "apt", "at": ""}]
    assert "leaf:default linux/arm64 (1 of 1)" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--released", "laef"), "nothing is released as `laef`"),
        (("--released", "--platform", "linux/386"), "nothing of it is released for linux/386"),
        (("--released", "--attach"), "--attach does not go with --released"),
        (("leaf", "--format", "json"), "--format needs --released"),
        ((), "name a VARIANT, or scan all that is released: --released"),
        (("base", "leaf", "--report", "f"), "--report is one file, and there are 2 images to scan"),
        (("base", "leaf", "--sarif", "f"), "scan one VARIANT at a time, or leave --sarif out"),
    ],
)
def test_calls_that_mean_nothing(released: Place, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = released("scan", *arguments)
    assert code == 2
    assert said in err


def test_names_in_a_report_control_no_terminal(released: Place) -> None:
    odd = {**OPENSSL, "fixed": "3.0\x1b[2J\n::error::x"}
    released.know(odd)
    code, out, err = released("scan", "--released")
    assert code == 1
    assert "\\x1b[2J" in out
    assert "\x1b[2J" not in out + err
    assert "\n::error" not in out + err


def test_each_of_several_images_has_a_report_of_its_own(released: Place) -> None:
    host, folder = f"{released.clone.registry}", released.folder / "reports"
    digests = {name: released.push(name, OLD) for name in ("base", "leaf")}
    images = {(f"{name}:default", "linux/amd64"): f"{host}/{name}@{digests[name]}" for name in digests}
    released.patch.setattr("image_matrix.cli.scan._existing", lambda *_, **_more: images)
    folder.mkdir()
    released.patch.chdir(folder)
    assert released("scan", "base", "leaf")[0] == 1
    names = sorted(path.name for path in folder.iterdir())
    assert [name.rpartition("-")[0] for name in names] == [
        "scan-base-default-amd64",
        "scan-leaf-default-amd64",
    ]
    assert all(json.loads((folder / name).read_text())["Results"] for name in names)
    images.pop(("leaf:default", "linux/amd64"))
    assert released("scan", "base", "--report", "own.json")[0] == 1
    assert released("scan", "base")[0] == 1
    assert {path.name for path in folder.iterdir()} == {*names, "own.json", "scan.json"}


def test_a_clean_release(released: Place) -> None:
    released.know()
    code, out, err = released("scan", "--released")
    assert (code, out) == (0, "")
    assert "0 findings in 0 of 4 released images" in err


def test_exceptions_count_until_their_day(released: Place) -> None:
    for until, code in ((LATER, 0), (DAY, 1)):
        ignored = [{"id": OPENSSL["id"], "until": until, "reason": "no server runs"}]
        released.clone.write(
            release={"sign": "none", "scan": {"tool": "trivy", "severity": "HIGH", "ignore": ignored}}
        )
        assert released.workflow()[0] == 0
        assert len(released.issues.issues) == code
    body = released.issues.issues[0]["body"]
    assert "### Exceptions that have run out" in body
    assert f"counts again since {DAY} (`matrix.yaml:" in body


def test_a_channel_that_is_behind(place: Place) -> None:
    old, new = place.push("leaf", OLD), place.push("leaf", {"openssl": "3.0.16-1"})
    site = {"hub": {"chart": "4.4.0", "channel": "stable"}}
    place.clone.write(sites=site)
    place.clone.offer("release", leaf=new)
    place.clone.offer("stable", leaf=old)
    code, out, err = place("scan", "--released")
    assert code == 1
    assert "leaf:default" in out
    assert "the release no longer has this, stable does; `image-matrix promote --to stable` brings it" in err


def test_one_issue_from_its_first_finding_to_its_last(released: Place) -> None:
    code, out = released.workflow()
    assert code == 0, out
    (issue,) = released.issues.issues
    assert "| CRITICAL | [CVE-2026-1]" in issue["body"]
    assert 'gh workflow run lock.yaml -f names="apt"' in issue["body"]
    assert issue["body"].strip() in released.summary
    assert released.issues.comments == []

    assert released.workflow()[0] == 0
    assert len(released.issues.issues) == 1
    assert released.issues.comments == [], "nothing is new"

    released.know(OPENSSL, {**UNFIXED, "fixed": "1.36"})
    assert released.workflow()[0] == 0
    assert "CVE-2026-3" in released.issues.comments[0]
    assert "CVE-2026-1" not in released.issues.comments[0]

    released.know()
    assert "is closed" in released.workflow()[1]
    assert issue["state"] == "closed"
    assert "No findings in 4 released images" in issue["body"]

    released.know(OPENSSL)
    assert released.workflow()[0] == 0
    assert issue["state"] == "open"
    assert len(released.issues.comments) == 2
    assert len(released.issues.issues) == 1


def test_the_pull_request_that_would_mend_it_is_linked(released: Place) -> None:
    released.clone.git("push", "-q", "origin", "HEAD:refs/heads/image-matrix/lock")
    released.issues.propose(12, "image-matrix/lock", "apt openssl: 3.0.15-1 → 3.0.16-1 (CVE-2026-1)")
    released.issues.propose(13, "somebody/lock", "CVE-2026-1")
    released.workflow()
    body = released.issues.issues[0]["body"]
    assert "[#12](https://github.example.org/example/notebooks/pull/12)" in body
    assert "#13" not in body
    assert "gh workflow run" not in body


def test_an_image_that_cannot_be_scanned_stops_no_other(place: Place) -> None:
    broken = place.push("base", {"broken": "1"})
    place.clone.offer("release", base=broken, leaf=place.push("leaf", OLD))
    place.patch.setenv("TRIVY_FAILS", "broken")
    assert place("scan", "--released")[0] == 3
    code, out = place.workflow()
    assert code == 3
    assert "1 finding in 1 of 2 released images; 1 image not scanned" in out
    body = place.issues.issues[0]["body"]
    assert "- `base:default` (linux/amd64): the scanner failed (exit code 1)" in body
    place.know()
    assert place.workflow()[0] == 3
    assert place.issues.issues[0]["state"] == "open", "it is not known whether nothing is left"


def test_a_registry_that_refuses_reports_hides_no_finding(released: Place) -> None:
    released.clone.write(
        release={"sign": "none", "scan": {"tool": "trivy", "severity": "HIGH", "attach": True}},
    )
    released.registry.behaviour.refused["POST"] = 403
    code, out = released.workflow()
    assert code == 3, "somebody waits for the reports"
    assert "1 finding in 4 of 4 released images over all platforms\n" in out
    assert "| CRITICAL | [CVE-2026-1]" in released.issues.issues[0]["body"]
    part = str(released.folder / "again")
    _, _, err = released("ci", "rescan", "--part", "1", "--to", part, str(released.listed))
    assert "its reports are not kept: " in err
    assert "4 images have reports that were not kept" in err


def test_an_image_that_is_gone(place: Place) -> None:
    place.clone.offer("release", base=f"sha256:{'1' * 64}", leaf=place.push("leaf", OLD))
    code, _, err = place("scan", "--released")
    assert code == 3
    assert "could not be fetched" in err


def test_without_an_issue_the_run_is_red(released: Place) -> None:
    released.clone.write(workflow={"generator": ".[locked]", "rescan": {"issue": False}})
    assert released.workflow()[0] == 1
    assert released.issues.issues == []
    assert "| CRITICAL | [CVE-2026-1]" in released.summary


def test_a_finding_of_one_platform_names_it_everywhere(place: Place) -> None:
    """In the table, the issue, and in what the attached reports say to `status` and to the page."""
    repository = Repository(f"{place.clone.registry}/base")
    versions = {"amd64": {**OLD, "openssl": "3.0.16-1"}, "arm64": OLD}
    parts = [repository.image(arch, layer_tar=dpkg_layer(one)) for arch, one in versions.items()]
    place.clone.write(release={"sign": "none", "scan": {"tool": "trivy", "severity": "HIGH", "attach": True}})
    place.clone.offer("release", *versions, base=repository.index(parts))
    code, out, _ = place("scan", "--released")
    assert code == 1
    assert "base:default (linux/arm64)" in " ".join(out.split())
    assert place.workflow()[0] == 0
    assert place.summary.count("`base:default` (linux/arm64)") == 1
    place.clone.git("fetch", "--quiet", "origin", "release:refs/remotes/origin/release")
    code, out, _ = place("status", "base", "--format", "json")
    (base,) = json.loads(out)
    scan = base["released"]["scan"]
    assert scan["findings"] == scan["platforms"]["linux/arm64"] == {"CRITICAL": 1}
    assert scan["platforms"]["linux/amd64"] == {}
    assert "(amd64: nothing found; arm64: 1 CRITICAL)" in place("status", "base")[1]


def test_code_scanning_gets_a_file_for_each_image(released: Place) -> None:
    released.clone.write(
        release={"sign": "none", "scan": {"tool": "trivy", "severity": "HIGH", "sarif": True}},
        workflow={"generator": ".[locked]", "rescan": {"issue": False}},
    )
    assert released.workflow()[0] == 0
    found = sorted((released.folder / "jobs/rescan-part-1/sarif").iterdir())
    ids = {json.loads(path.read_text())["runs"][0]["automationDetails"]["id"] for path in found}
    assert ids == {
        f"image-matrix/{name}:default-{arch}/" for name in ("base", "leaf") for arch in ("amd64", "arm64")
    }
    assert f"sarif={released.folder}/jobs/rescan-part-1/sarif" in (released.folder / "OUTPUT").read_text()


def test_what_a_scanners_job_hands_on_is_not_believed_to_be_whole(released: Place) -> None:
    released.workflow()
    (part,) = (released.folder / "jobs").glob("rescan-part-*/findings.json")
    bad = ("no JSON", "[1]", '[{"target": {}}]', '[{"target": "text"}]', "[" * 100_000)
    for text in bad:
        part.write_text(text)
        assert released("ci", "rescan-report", str(released.folder / "jobs"))[0] == 0
        assert "its job did not come to an end" in released.issues.issues[0]["body"]
    code, _, err = released("ci", "rescan-report", str(released.folder / "nowhere"))
    assert code == 2
    assert "released.json" in err


def test_all_jobs_of_scanners_have_failed(released: Place) -> None:
    released.workflow()
    (part,) = (released.folder / "jobs").glob("rescan-part-*")
    shutil.rmtree(part)
    # what the download leaves of one artifact alone
    (released.folder / "jobs/released.json").write_text(released.listed.read_text())
    assert released("ci", "rescan-report", str(released.folder / "jobs"))[0] == 0
    body = released.issues.issues[0]["body"]
    assert "**No released image could be scanned (4 of 4).**" in body


def test_a_scanners_job_speaks_for_its_own_images_alone(
    released: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("image_matrix.findings.released.PART", 2)
    released.workflow()
    jobs = released.folder / "jobs"
    first, second = (jobs / f"rescan-part-{number}" for number in (1, 2))
    honest = json.loads((second / "findings.json").read_text())
    clean = [{**one, "findings": [], "rejected": False} for one in honest]
    own = json.loads((first / "findings.json").read_text())
    (first / "findings.json").write_text(json.dumps([*own, *clean]))
    (first / "released.json").write_text("[]")
    (second / "findings.json").unlink()
    assert released("ci", "rescan-report", str(jobs))[0] == 0
    (issue,) = released.issues.issues
    assert issue["state"] == "open"
    assert "2 released images not scanned" in issue["body"]


def test_two_findings_that_are_mended_by_one_command(released: Place) -> None:
    released.know(OPENSSL, ZLIB)
    base = released.push("base", {"openssl": "3.0.15-1", "zlib1g": "1:1.3.1"})
    released.clone.offer("release", base=base)
    _, _, err = released("scan", "--released")
    assert "brings openssl, zlib1g" in err
