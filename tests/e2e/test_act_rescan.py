"""The workflow that scans what is released: from the first finding to the last, over images that were really released.

Trivy is a stand-in that compares dpkg's list with a list of its own; GitHub's API is one on this machine. Registry,
skopeo, git, the wheel that jobs install, and the checks of the scanner's release are real.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.pinned.actions import tool
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from tests.e2e.act import Outcome, Repository, available, empty_repository
from tests.e2e.place import serving
from tests.e2e.tiny_images import Repository as Images
from tests.findings.rescanned import MATRIX, OPENSSL, ZLIB, dpkg_layer, release_of_trivy, sha256
from tests.github.issue_server import IssueServer, issue_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not available(), reason="act is not installed")]
EVENT = {"ref": "refs/heads/main", "repository": {"full_name": "example/notebooks", "default_branch": "main"}}
RELEASES = "https://github.com/aquasecurity/trivy/releases/download"
OLD = {"base": {"openssl": "3.0.15-1"}, "leaf": {"openssl": "3.0.15-1", "zlib1g": "1:1.3.1"}}


@pytest.fixture
def repository(registry: str, engine: Engine, tmp_path: Path) -> Iterator[Repository]:  # noqa: ARG001
    """A repository that has released two images, and a server with the scanner's release."""
    archive, files = release_of_trivy(), tmp_path / "files"
    url = tool("trivy", "amd64").url.removeprefix(f"{RELEASES}/")
    (files / url).parent.mkdir(parents=True)
    (files / url).write_bytes(archive)
    (tmp_path / "act").mkdir()
    made = empty_repository(tmp_path / "act", registry)
    with serving(files, "127.0.0.1") as address:
        mirrors = {"registries": {"docker.io": registry}, "downloads": {RELEASES: address}}
        made.site = {"network": {"builtin_frontend": True, "mirrors": mirrors}}
        made.write(matrix(sha256(archive)), "Start")
        release(made)
        yield made


def matrix(checksum: str, until: str = "2099-01-01") -> dict[str, Any]:
    """Return the matrix with an exception for zlib until a day."""
    ignored = [{"id": ZLIB["id"], "until": until, "reason": "no server runs"}]
    version = {
        "version": tool("trivy", "amd64").version,
        "sha256": dict.fromkeys(("amd64", "arm64"), checksum),
    }
    return {
        **MATRIX,
        "registry": "ghcr.io/example/notebooks",
        "network": {"builtin_frontend": True},
        "release": {
            **MATRIX["release"],
            "scan": {**MATRIX["release"]["scan"], "ignore": ignored},
            "sbom": False,
        },
        "workflow": {"rescan": {}, "pins": {"trivy": version}},
    }


def release(repository: Repository) -> None:
    """Write what was tested of each image, and release it."""
    state = state_of(load_project(read_inputs(repository.root, overlays=(str(repository.overlay()),))))
    for (variant, _), reference in references(state).items():
        name, _, tag = reference.rpartition(":")
        layer = dpkg_layer(OLD[variant.partition(":")[0]])
        Images(name).image("amd64", tag, layer)
    repository.program("--overlay", str(repository.overlay()), "release", "--push")


def rescan(repository: Repository, issues: IssueServer, *flaws: dict[str, Any]) -> Outcome:
    """Run the workflow, with a list of known flaws."""
    known = repository.folder / "flaws.json"
    known.write_text(json.dumps(flaws))
    shutil.rmtree(repository.artifacts, ignore_errors=True)  # GitHub keeps those of each run apart
    environment = {
        "GITHUB_API_URL": issues.url,
        "GITHUB_REPOSITORY": "example/notebooks",
        "TRIVY_FLAWS": str(known),
    }
    return repository.run("schedule", EVENT, "rescan.yaml", **environment)


def test_one_issue_from_the_first_finding_to_the_last(repository: Repository) -> None:
    with issue_server() as issues:
        first = rescan(repository, issues, OPENSSL, ZLIB)
        assert first.code == 0, first.output[-4000:]
        assert set(first.results.values()) == {"succeeded"}
        (issue,) = issues.issues
        assert "**1 finding in 2 of 2 released images.**" in issue["body"]
        assert "`base:default`, and 1 that stands on it | `lock --upgrade apt` |" in issue["body"]

        # the exception has run out, and the refresh of the lock is open
        repository.git("push", "-q", "origin", "HEAD:refs/heads/image-matrix/lock")
        issues.propose(12, "image-matrix/lock", "apt openssl: 3.0.15-1 → 3.0.16-1")
        workflow = json.loads(json.dumps(matrix(sha256(release_of_trivy()), "2026-01-01")))
        repository.write(workflow, "An exception that has run out")
        second = rescan(repository, issues, OPENSSL, ZLIB)
        assert second.code == 0, second.output[-4000:]
        assert issues.issues == [issue], "the same issue"
        assert "**2 findings in 2 of 2 released images.**" in issue["body"]
        assert "counts again since 2026-01-01 (`matrix.yaml:" in issue["body"]
        assert "[#12](https://github.example.org/example/notebooks/pull/12)" in issue["body"]
        assert "1 new finding" in issues.comments[0]

        clean = rescan(repository, issues)
        assert clean.code == 0, clean.output[-4000:]
        assert (issue["state"], len(issues.issues), len(issues.comments)) == ("closed", 1, 1)
