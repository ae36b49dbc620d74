"""The workflow that scans what is released: from the first finding to the last, over images that were really released.

Trivy is itself, with a database of a few flaws; GitHub's API is one on this machine. Registry, skopeo, git, the wheel
that jobs install, and the checks of the scanner's release are real.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.pinned.actions import tool
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from tests.e2e.act import Outcome, Repository, available, empty_repository
from tests.e2e.flaw_databases import Flaw
from tests.e2e.place import serving
from tests.e2e.scanners import Scanner, released, scanner
from tests.e2e.tiny_images import Repository as Images
from tests.findings.rescanned import MATRIX, dpkg_layer, sha256
from tests.github.issue_server import IssueServer, issue_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not available(), reason="act is not installed")]
EVENT = {"ref": "refs/heads/main", "repository": {"full_name": "example/notebooks", "default_branch": "main"}}
RELEASES = "https://github.com/aquasecurity/trivy/releases/download"
OPENSSL = Flaw("CVE-2026-1001", "openssl", "CRITICAL", "3.0.16-1")
ZLIB = Flaw("CVE-2026-1002", "zlib1g", "HIGH", "1:1.3.2")
OLD = {"base": {"openssl": "3.0.15-1"}, "leaf": {"openssl": "3.0.15-1", "zlib1g": "1:1.3.1"}}


@dataclass
class Place:
    """A repository that has released two images, and its scanner."""

    repository: Repository
    scanner: Scanner
    checksum: str
    """SHA-256 of the scanner's release."""

    def write(self, message: str, until: str = "2099-01-01") -> None:
        """Write the matrix, with an exception for zlib until a day."""
        ignored = [{"id": ZLIB.id, "until": until, "reason": "no server runs"}]
        version = {
            "version": tool("trivy", "amd64").version,
            "sha256": dict.fromkeys(("amd64", "arm64"), self.checksum),
        }
        scan = {**MATRIX["release"]["scan"], "ignore": ignored, "env": self.scanner.offline}
        matrix = {
            **MATRIX,
            "registry": "ghcr.io/example/notebooks",
            "network": {"builtin_frontend": True},
            "release": {**MATRIX["release"], "scan": scan, "sbom": False},
            "workflow": {"rescan": {}, "pins": {"trivy": version}},
        }
        self.repository.write(matrix, message)

    def release(self) -> None:
        """Write what was tested of each image, and release it."""
        made = self.repository
        state = state_of(load_project(read_inputs(made.root, overlays=(str(made.overlay()),))))
        for (variant, _), reference in references(state).items():
            name, _, tag = reference.rpartition(":")
            layer = dpkg_layer(OLD[variant.partition(":")[0]])
            Images(name).image("amd64", tag, layer)
        made.program("--overlay", str(made.overlay()), "release", "--push")

    def rescan(self, issues: IssueServer, *flaws: Flaw) -> Outcome:
        """Run the workflow, with a database of these flaws."""
        self.scanner.know(flaws, datetime.now(UTC).date().isoformat())
        shutil.rmtree(self.repository.artifacts, ignore_errors=True)  # GitHub keeps those of each run apart
        environment = {"GITHUB_API_URL": issues.url, "GITHUB_REPOSITORY": "example/notebooks"}
        return self.repository.run("schedule", EVENT, "rescan.yaml", **environment)


@pytest.fixture
def place(registry: str, engine: Engine, tmp_path: Path) -> Iterator[Place]:  # noqa: ARG001
    """A repository that has released two images, and a server with the scanner's release."""
    trivy, files = scanner("trivy", tmp_path / "trivy"), tmp_path / "files"
    archive = released(trivy)
    url = tool("trivy", "amd64").url.removeprefix(f"{RELEASES}/")
    (files / url).parent.mkdir(parents=True)
    (files / url).write_bytes(archive)
    (tmp_path / "act").mkdir()
    made = Place(empty_repository(tmp_path / "act", registry), trivy, sha256(archive))
    with serving(files, "127.0.0.1") as address:
        mirrors = {"registries": {"docker.io": registry}, "downloads": {RELEASES: address}}
        made.repository.site = {"network": {"builtin_frontend": True, "mirrors": mirrors}}
        made.write("Start")
        made.release()
        yield made


def test_one_issue_from_the_first_finding_to_the_last(place: Place) -> None:
    repository = place.repository
    with issue_server() as issues:
        first = place.rescan(issues, OPENSSL, ZLIB)
        assert first.code == 0, first.output[-4000:]
        assert set(first.results.values()) == {"succeeded"}
        (issue,) = issues.issues
        assert "**1 finding in 2 of 2 released images.**" in issue["body"]
        assert "`base:default`, and 1 that stands on it | `lock --upgrade apt` |" in issue["body"]

        # the exception has run out, and the refresh of the lock is open
        repository.git("push", "-q", "origin", "HEAD:refs/heads/image-matrix/lock")
        issues.propose(12, "image-matrix/lock", "apt openssl: 3.0.15-1 → 3.0.16-1")
        place.write("An exception that has run out", "2026-01-01")
        second = place.rescan(issues, OPENSSL, ZLIB)
        assert second.code == 0, second.output[-4000:]
        assert issues.issues == [issue], "the same issue"
        assert "**2 findings in 2 of 2 released images.**" in issue["body"]
        assert "counts again since 2026-01-01 (`matrix.yaml:" in issue["body"]
        assert "[#12](https://github.example.org/example/notebooks/pull/12)" in issue["body"]
        assert "1 new finding" in issues.comments[0]

        clean = place.rescan(issues, Flaw("CVE-2026-1003", "nothing", "LOW", "1"))
        assert clean.code == 0, clean.output[-4000:]
        assert (issue["state"], len(issues.issues), len(issues.comments)) == ("closed", 1, 1)
