"""Fixed packages of an archive on this machine arrive in released images, by the lock's refresh alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from image_matrix.github.lock_pull_request import lines_of
from image_matrix.lock import text as texts
from tests.e2e.apt_archive import ADDRESS, Archive, push_source
from tests.e2e.place import bridge, serving
from tests.e2e.support import REGISTRY, docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.lock.model import Lock
    from image_matrix.verify.engine import Engine

pytestmark = pytest.mark.e2e

MATRIX = """\
version: 1
registry: {registry}
defaults: {{images: {{platforms: [linux/amd64], contract: none}}}}
network: {{builtin_frontend: true, mirrors: {{apt: {{"{address}": "{server}"}}}}}}
workflow: none
release: {{sbom: false, sign: none}}
sources: {{one: "{registry}/one:1", two: "{registry}/two:1"}}
images:
  alpha: {{from: one, apt: [greeting, "kept=1.0"]}}
  alpha-more: {{from: alpha, apt: [extra]}}
  beta: {{from: two, apt: [extra]}}
  given: {{from: two, context: given, refresh_days: 3650}}
"""
DAY = "2026-01-01"
GIVEN = """\
FROM {registry}/two:1
ARG BASH_ENV=/run/secrets/site.sh
SHELL ["/bin/bash", "-euc"]
RUN --mount=type=secret,id=site,target=/run/secrets/site.sh apt-get update && apt-get install --yes greeting kept=1.0
"""


@dataclass(frozen=True, slots=True)
class Family:
    """A repository with a remote, whose images are released, and the archives that they know."""

    root: Path
    registry: str
    debian: Archive
    others: Archive

    def run(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "image_matrix", "-C", str(self.root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
        assert done.returncode == code, done.stdout + done.stderr[-4000:]
        return done

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True)

    def commit(self, subject: str) -> None:
        self.run("render")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)

    def release(self) -> None:
        """Build what is missing, and release everything."""
        self.run("build", "--push")
        self.run("release", "--push")
        self.git("fetch", "--quiet", "origin")

    def lock(self) -> Lock:
        return texts.read((self.root / texts.FILE).read_text())

    def planned(self) -> dict[str, list[str]]:
        """Return the images that the next build makes, with the reasons of the last commit."""
        plan = json.loads(self.run("plan", "--registry", "--since", "HEAD~1", "--format", "json").stdout)
        return {one["variant"]: one["reasons"] or one["cause_reasons"] for one in plan["build"]}

    def version(self, image: str, package: str) -> str:
        """Return what is installed in a released image."""
        name = f"{self.registry}/{image}@{self.released(image)}"
        return docker("run", "--rm", name, "dpkg-query", "--show", "--showformat=${Version}", package)

    def released(self, image: str) -> str:
        text = subprocess.run(
            ["git", "-C", str(self.root), "show", "origin/release:deploy/images.json"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return str(json.loads(text)["images"][f"{image}:default"]["digest"])


@pytest.fixture(scope="module")
def family(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("patched")
    files = folder / "files"
    debian, others = Archive(files / "debian"), Archive(files / "others", "Somebody")
    for name in ("greeting", "kept", "extra", "brought"):
        debian.publish(name, "1.0")
    others.publish("theirs", "1.0")
    with serving(files, bridge(engine)) as server:
        name = f"{REGISTRY}/patched-{uuid.uuid4().hex[:8]}"
        push_source(f"{name}/one:1", folder / "one", server, debian, others, install=("brought", "theirs"))
        push_source(f"{name}/two:1", folder / "two", server, debian)
        made = Family(folder / "work", name, debian, others)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder / "remote.git")], check=True)
        subprocess.run(
            ["git", "clone", "-q", str(folder / "remote.git"), str(made.root)],
            check=True,
            capture_output=True,
        )
        for key, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
            made.git("config", key, value)
        write_matrix(made, server)
        made.commit("Start")
        made.release()
        yield made


def write_matrix(family: Family, server: str) -> None:
    """Write the matrix and a lock in which the steps of the own Dockerfile ran on another day."""
    root = family.root
    family.git("checkout", "-q", "-B", "main")
    (root / "matrix.yaml").write_text(MATRIX.format(registry=family.registry, address=ADDRESS, server=server))
    (root / "given").mkdir()
    (root / "given/Dockerfile").write_text(GIVEN.format(registry=family.registry))
    family.run("lock")
    today = family.lock().refreshed["given:default"]
    lock = root / texts.FILE
    lock.write_text(lock.read_text().replace(today, DAY))


def test_what_a_build_would_not_bring_moves_nothing(family: Family) -> None:
    family.debian.publish("kept", "1.1")
    family.others.publish("theirs", "1.1")
    done = family.run("lock", "--upgrade", "apt")
    assert "asking apt in 4 released images" in done.stderr
    assert done.stdout == ""
    assert family.lock().apt == {}


def test_fixes_arrive_in_the_images_concerned(family: Family, tmp_path: Path) -> None:
    family.debian.publish("greeting", "1.1", "Fix CVE-2026-12345 and `CVE-2026-2`. Closes: #1")
    family.debian.publish("brought", "1.1")
    before = family.released("beta")
    answers = str(tmp_path / "answers.json")
    family.run("ci", "ask-apt", "--names", "apt", answers)
    family.run(
        "ci", "lock", "--names", "apt", "--apt-answers", answers, GITHUB_OUTPUT=str(tmp_path / "output")
    )
    assert lines_of((tmp_path / "output").read_text().removeprefix("apt_updates=")) == [
        "apt greeting: 1.0 → 1.1 in given:default; CVE-2026-12345",
        "apt greeting: 1.0 → 1.1 on one, in alpha:default, alpha-more:default; CVE-2026-12345",
        "apt brought: 1.0 → 1.1 on one, in alpha:default, alpha-more:default",
    ]
    assert list(family.lock().apt) == ["one"]
    family.commit("Refresh the lock")
    reasons = ["lock: apt of one"]
    planned = family.planned()
    assert planned.pop("given:default")
    assert planned == {"alpha:default": reasons, "alpha-more:default": reasons}
    family.release()
    versions = {
        (image, package): family.version(image, package)
        for image, package in (("given", "greeting"), ("alpha", "greeting"), ("alpha-more", "greeting"),
                               ("alpha-more", "brought"), ("alpha", "kept"), ("alpha", "theirs"))
    }  # fmt: skip
    assert {key for key, version in versions.items() if version == "1.0"} == {
        ("alpha", "kept"),
        ("alpha", "theirs"),
    }
    assert family.released("beta") == before
    assert family.run("lock", "--upgrade", "apt").stdout == ""
