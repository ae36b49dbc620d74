"""The month after a release: a fix of a Debian package arrives by the refresh alone, and old images go again.

The runs of the workflow are act's, on the real engine, registry and git. GitHub's API is a stand-in that keeps the text
of the pull request. The scanner is one, too: it compares dpkg's list with what the archive of this machine says.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.e2e.act import Outcome, Repository, available, empty_repository
from tests.e2e.apt_archive import ADDRESS, Archive, push_source
from tests.e2e.github_api import github_api
from tests.e2e.place import bridge, serving
from tests.e2e.support import docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not available(), reason="act is not installed")]
FLAW = "CVE-2026-12345"
CONCERNED = ("alpha", "alpha-more")
SCANNER = """#!/usr/bin/env python3
import io, json, re, sys, tarfile, urllib.request
archive, report = sys.argv[1:]
flaws = json.load(urllib.request.urlopen("{server}/flaws.json"))
installed = {{}}
with tarfile.open(archive) as image:
    read = lambda digest: image.extractfile("blobs/" + digest.replace(":", "/")).read()
    index = json.load(image.extractfile("index.json"))
    manifest = json.loads(read(index["manifests"][0]["digest"]))
    for layer in manifest["layers"]:
        with tarfile.open(fileobj=io.BytesIO(read(layer["digest"]))) as content:
            if "var/lib/dpkg/status" in content.getnames():
                text = content.extractfile("var/lib/dpkg/status").read().decode()
                installed = dict(re.findall(r"^Package: (.+)(?:\\n.+)*?\\nVersion: (.+)", text, re.MULTILINE))
found = [f"{{one['id']}} {{one['package']}}" for one in flaws if installed.get(one["package"]) == one["version"]]
open(report, "w").write(json.dumps(found))
print(*found, sep="\\n")
sys.exit(1 if found else 0)
"""


@dataclass(frozen=True, slots=True)
class Family:
    """A repository, its archive, and GitHub's API."""

    repository: Repository
    archive: Archive
    api: str
    pulls: dict[int, str]

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the program as somebody on the team does, at this place."""
        command = [str(self.repository.tools / "bin" / "image-matrix"), *arguments]
        environment = {**os.environ, "IMAGE_MATRIX_OVERLAY": str(self.repository.overlay())}
        return subprocess.run(
            command, cwd=self.repository.root, capture_output=True, text=True, env=environment
        )

    def push(self) -> Outcome:
        """Run the workflow for what was pushed to main."""
        outcome = self.repository.run("push", self.repository.push_event())
        assert outcome.code == 0, outcome.output[-4000:]
        self.repository.git("fetch", "--quiet", "origin")
        return outcome

    def refresh(self) -> str:
        """Run the workflow of the lock; return the text of its pull request."""
        settings = {"GITHUB_API_URL": self.api, "GITHUB_REPOSITORY": "example/notebooks"}
        outcome = self.repository.run("schedule", {}, "lock.yaml", **settings)
        assert outcome.code == 0, outcome.output[-4000:]
        return self.pulls.get(1, "")

    def merge(self) -> None:
        """Merge the pull request, as a person does."""
        for command in (
            ("fetch", "--quiet", "origin", "image-matrix/lock"),
            ("merge", "--quiet", "--no-ff", "--message", "Merge the refresh", "FETCH_HEAD"),
            ("push", "--quiet", "origin", "HEAD"),
        ):
            self.repository.git(*command)

    def flaws(self, *found: dict[str, str]) -> None:
        """Say what the scanner knows."""
        (self.archive.folder.parent / "flaws.json").write_text(json.dumps(found))

    def image(self, name: str) -> str:
        """Return a released image, by its digest."""
        digest = self.repository.released()[f"{name}:default"]["digest"]
        return f"{self.repository.registry}/{self.repository.name}/{name}@{digest}"

    def is_there(self, image: str) -> bool:
        """Say whether an image can be pulled, for the platform that it has."""
        place, _, digest = image.partition("@")
        host, _, path = place.partition("/")
        accept = "application/vnd.oci.image.index.v1+json"
        answer = requests.get(
            f"http://{host}/v2/{path}/manifests/{digest}", headers={"Accept": accept}, timeout=30
        )
        if answer.status_code == 200:
            docker("pull", "--quiet", image)
            docker("rmi", "--force", image)
        return answer.status_code == 200


def matrix(registry: str, server: str) -> dict[str, Any]:
    """Return two roots on two sources, one with a child."""
    return {
        "version": 1,
        "registry": "ghcr.io/example/notebooks",
        "network": {"builtin_frontend": True, "mirrors": {"apt": {ADDRESS: server}}},
        "defaults": {"images": {"platforms": ["linux/amd64"], "contract": "none"}},
        "sources": {"one": f"{registry}:one", "two": f"{registry}:two"},
        "images": {
            "alpha": {"from": "one", "apt": ["greeting"]},
            "alpha-more": {"from": "alpha", "apt": ["extra"]},
            "beta": {"from": "two", "apt": ["extra"]},
        },
        "release": {
            "scan": {"tool": "command", "command": ["./scanner", "{archive}", "{report}"]},
            "sbom": False,
        },
    }


@pytest.fixture(scope="module")
def family(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    folder = tmp_path_factory.mktemp("month")
    archive = Archive(folder / "files" / "debian")
    for name in ("greeting", "extra"):
        archive.publish(name, "1.0")
    with serving(folder / "files", bridge(engine)) as server, github_api() as (api, pulls):
        repository = empty_repository(folder / "act", registry)
        sources = f"{registry}/{repository.name}-sources"
        for name in ("one", "two"):
            push_source(f"{sources}:{name}", folder / name, server, archive)
        (repository.root / "scanner").write_text(SCANNER.format(server=server))
        made = Family(repository, archive, api, pulls)
        made.flaws()
        repository.write(matrix(sources, server), "Start")
        repository.program("lock")
        repository.program("render")
        repository.commit("Lock")
        yield made


def released(family: Family) -> dict[str, str]:
    return {name: family.image(name) for name in (*CONCERNED, "beta")}


@pytest.fixture(scope="module")
def before(family: Family) -> dict[str, str]:
    """The images of the first release."""
    family.push()
    return released(family)


@pytest.fixture(scope="module")
def proposed(family: Family, before: dict[str, str]) -> str:  # noqa: ARG001 - apt is asked in what is released
    """The text of the pull request that the refresh opens after a fix."""
    family.archive.publish("greeting", "1.1", f"Fix {FLAW}.")
    return family.refresh()


@pytest.fixture(scope="module")
def merged(family: Family, proposed: str) -> Outcome:  # noqa: ARG001 - it is merged
    """The run of the merged pull request."""
    family.merge()
    return family.push()


def test_what_is_released_is_known_to_be_vulnerable(family: Family, before: dict[str, str]) -> None:  # noqa: ARG001
    assert family.program("scan", "--released").returncode == 0
    family.flaws({"id": FLAW, "package": "greeting", "version": "1.0"})
    scanned = family.program("scan", "--released")
    assert scanned.returncode == 1, scanned.stderr
    assert FLAW in f"{scanned.stdout}{scanned.stderr}"


def test_the_refresh_proposes_the_fix(proposed: str) -> None:
    assert f"apt greeting: 1.0 → 1.1 on one, in alpha:default, alpha-more:default; {FLAW}" in proposed


def test_exactly_the_images_concerned_are_built_and_released(
    family: Family, before: dict[str, str], merged: Outcome
) -> None:
    assert {name.split()[0] for name in merged.results} & before.keys() == set(CONCERNED)
    after = released(family)
    assert {name for name in before if before[name] != after[name]} == set(CONCERNED)
    question = ("dpkg-query", "--show", "--showformat=${Version}", "greeting")
    assert [docker("run", "--rm", after[name], *question) for name in CONCERNED] == ["1.1", "1.1"]
    assert family.program("scan", "--released").returncode == 0


def test_the_notes_of_the_release_name_the_fix(family: Family, merged: Outcome) -> None:  # noqa: ARG001
    notes = family.repository.git("log", "-1", "--format=%B", "origin/release")
    assert re.search(r"greeting +1\.0 → 1\.1 +apt", notes)
    assert "beta" not in notes


def test_a_prune_leaves_what_is_released(
    family: Family,
    before: dict[str, str],
    merged: Outcome,  # noqa: ARG001 - it made the second release
    tmp_path: Path,
) -> None:
    never_released = push_candidate(family, tmp_path)
    pruned = family.program("prune", "--keep-releases", "1", "--older", "0", "--delete")
    assert pruned.returncode == 0, pruned.stderr
    assert not family.is_there(never_released), pruned.stdout
    after = released(family)
    # of what changed, a release also names what it had before
    assert all(family.is_there(image) for image in (*before.values(), *after.values()))


def push_candidate(family: Family, folder: Path) -> str:
    """Push an image under a key that no matrix has any more; return it by its digest."""
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    name = f"{family.image('alpha').partition('@')[0]}:default-0123456789ab-amd64-candidate"
    docker("buildx", "build", "--quiet", "--push", f"--tag={name}", str(folder))
    answer = docker("buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", name)
    return f"{name.rpartition(':')[0]}@{json.loads(answer)['digest']}"
