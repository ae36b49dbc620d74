"""Releases against a real registry and git remote: two platforms, from images that hold one file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from image_matrix.cli.plan import state_of
from image_matrix.cli.session import understand
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.planning.plan import State
    from image_matrix.verify.engine import Engine

pytestmark = pytest.mark.e2e
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Place:
    root: Path
    registry: str
    name: str

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "image_matrix", "-C", str(self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})

    def state(self) -> State:
        return state_of(understand(read_inputs(self.root)))

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(self.root), *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    def manifest(self, image: str, tag: str) -> tuple[str, dict[str, Any]]:
        url = f"http://{self.registry}/v2/{self.name}/{image}/manifests/{tag}"
        answer = requests.get(url, headers={"Accept": INDEX}, timeout=30)
        return answer.headers.get("Docker-Content-Digest", ""), answer.json()

    def push(self, leg: tuple[str, str], suffix: str = "", size: int = 20) -> None:
        """Push an image with one file of random bytes under a leg's immutable tag."""
        push_to(self, f"{references(self.state())[leg]}{suffix}", leg[1], size)

    def edit(self, **build: Any) -> None:
        """Change the build section and commit."""
        said = yaml.safe_load((self.root / "matrix.yaml").read_text())
        said["build"] |= build
        (self.root / "matrix.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
        self.git("commit", "--quiet", "--all", "--message", "Edit")


@pytest.fixture(scope="module")
def place(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Place:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("release")
    made = Place(folder / "work", registry, f"release-{uuid.uuid4().hex[:8]}")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder / "remote.git")], check=True)
    subprocess.run(
        ["git", "clone", "-q", str(folder / "remote.git"), str(made.root)], check=True, capture_output=True
    )
    for key, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
        made.git("config", key, value)
    matrix = {
        "version": 1,
        "registry": f"{registry}/{made.name}",
        "platforms": ["linux/amd64", "linux/arm64"],
        "sources": {"debian": "docker.io/library/debian:trixie-slim"},
        "images": {"base": {"from": "debian"}, "leaf": {"parent": "base"}},
        "build": {"sign": {"tool": "none"}},
    }
    (made.root / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False))
    made.git("checkout", "-q", "-B", "main")
    made.git("add", "--all")
    made.git("commit", "-q", "--message", "Start")
    legs = list(references(made.state()))
    for leg in legs[:-1]:
        made.push(leg)
    return made


def last_leg(place: Place) -> tuple[str, str]:
    return list(references(place.state()))[-1]


def test_a_missing_platform_stops_the_release(place: Place) -> None:
    done = place.run("release", "--push")
    name, platform = last_leg(place)
    assert done.returncode == 1
    assert f"nothing is released: not built and tested: {name} ({platform})" in done.stderr
    assert place.git("ls-remote", "--heads", "origin", "release") == ""


def test_what_is_over_its_size_is_not_accepted(place: Place) -> None:
    name, platform = last_leg(place)
    place.edit(images={"leaf": {"max_size": "1M"}})
    place.push((name, platform), "-candidate", size=1_100_000)
    done = place.run("accept", "--platform", platform, name)
    assert done.returncode == 1
    assert "leaf" in done.stderr
    assert "1.1 MB compressed, and `build.max_size` allows 1.0 MB" in done.stderr
    assert "not built and tested" in place.run("release", "--push").stderr
    place.push((name, platform), "-candidate")
    assert place.run("accept", "--platform", platform, name).returncode == 0


def test_a_release_has_every_platform_and_says_where_it_is_from(place: Place) -> None:
    done = place.run("release", "--push", GITHUB_SHA="abc")
    assert done.returncode == 0, done.stderr
    tag = place.state().keys[last_leg(place)[0]].tag
    digest, index = place.manifest("leaf", tag)
    platforms = {
        f"{item['platform']['os']}/{item['platform']['architecture']}" for item in index["manifests"]
    }
    assert {"linux/amd64", "linux/arm64"} <= platforms
    assert index["annotations"]["org.opencontainers.image.revision"] == "abc"
    label = tag.rpartition("-")[0]
    assert place.manifest("leaf", label)[0] == place.manifest("leaf", "latest")[0] == digest
    place.git("fetch", "-q", "origin", "release")
    images = json.loads(place.git("show", "FETCH_HEAD:deploy/images.json"))["images"]
    assert images[last_leg(place)[0]]["digest"] == digest


def test_again_writes_nothing(place: Place) -> None:
    before = place.git("ls-remote", "origin", "release")
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "0 indexes to make and sign" in done.stderr
    assert "0 of" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before


def test_a_dry_run_says_and_does_nothing(place: Place) -> None:
    before = place.git("ls-remote", "origin")
    done = place.run("release")
    assert done.returncode == 0, done.stderr
    assert place.git("ls-remote", "origin") == before


def test_an_older_commit_is_not_released_over_a_newer_one(place: Place) -> None:
    newest = place.git("rev-parse", "HEAD")
    place.push(last_leg(place))  # other bytes under the same key: the index changes, and so does the release
    assert place.run("release", "--push").returncode == 0
    place.git("checkout", "-q", "HEAD~1")
    done = place.run("release", "--push")
    assert done.returncode == 1
    assert f"the release of {newest[:12]} is newer than this commit" in done.stderr
    place.git("checkout", "-q", "main")


def offered(place: Place) -> dict[str, dict[str, str]]:
    """What the release branch offers, by variant."""
    place.git("fetch", "-q", "origin", "release")
    found: dict[str, dict[str, str]] = json.loads(place.git("show", "FETCH_HEAD:deploy/images.json"))[
        "images"
    ]
    return found


def released(place: Place, subject: str) -> str:
    """Release a new commit of the default branch; what was said."""
    place.git("commit", "-q", "--allow-empty", "--message", subject)
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    return done.stderr


def take_back(place: Place) -> None:
    """Revert the newest commit of the release branch, as one does while users wait."""
    place.git("fetch", "-q", "origin", "release")
    place.git("checkout", "-q", "--detach", "FETCH_HEAD")
    place.git("revert", "--no-edit", "HEAD")
    place.git("push", "-q", "origin", "HEAD:refs/heads/release")
    place.git("checkout", "-q", "main")


def test_what_was_taken_back_does_not_come_again_by_itself(place: Place) -> None:
    leaf, base = last_leg(place)[0], next(iter(references(place.state())))[0]
    older, good = place.git("rev-parse", "HEAD~1"), offered(place)[leaf]["digest"]
    place.push(last_leg(place))
    released(place, "A bad one")
    bad = offered(place)[leaf]["digest"]
    assert bad != good
    take_back(place)
    assert offered(place)[leaf]["digest"] == good

    assert "stays as it is" in released(place, "A typo in the README")
    assert offered(place)[leaf]["digest"] == good
    place.git("checkout", "-q", older)
    assert "is newer than this commit" in place.run("release", "--push").stderr
    place.git("checkout", "-q", "main")

    before = offered(place)[base]["digest"]
    place.push((base, "linux/amd64"))
    released(place, "Another image is new")
    assert offered(place)[base]["digest"] != before
    for _ in range(2):
        assert offered(place)[leaf] | {"digest": good, "instead_of": bad} == offered(place)[leaf]
        assert f"{leaf} stays {good}" in released(place, "Nothing is new")

    place.push(last_leg(place))
    released(place, "Mended")
    assert offered(place)[leaf]["digest"] not in (good, bad)
    assert "instead_of" not in offered(place)[leaf]


def test_another_policy_reaches_what_is_released(place: Place) -> None:
    leaf = last_leg(place)[0]
    before = offered(place)[leaf]["digest"]
    place.edit(sign={"tool": "none"}, scan={"tool": "grype"})
    released(place, "Another scanner")
    assert offered(place)[leaf]["digest"] != before
    assert "0 indexes to make and sign" in released(place, "The same one")


def test_signing_without_its_program_is_no_release(place: Place) -> None:
    place.edit(sign={"tool": "notation", "plugin": "com.example", "key": "arn:x"})
    place.push(last_leg(place))
    before = place.git("ls-remote", "origin", "release")
    done = place.run("release", "--push")
    assert done.returncode == 3
    assert "there is no `notation` on PATH" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before


def test_a_registry_that_is_gone(place: Place) -> None:
    overlay = place.root.parent / "gone.yaml"
    overlay.write_text("registry: localhost:9/gone\n")
    done = place.run("--overlay", str(overlay), "release", "--push")
    assert done.returncode == 3
    assert "localhost:9: connection refused" in done.stderr


def push_to(place: Place, reference: str, platform: str, size: int = 20) -> None:
    (place.root / "file").write_bytes(os.urandom(size))
    command = [
        "docker",
        "buildx",
        "build",
        "--quiet",
        "--push",
        f"--platform={platform}",
        f"--tag={reference}",
    ]
    done = subprocess.run(
        [*command, "--file=-", str(place.root)],
        input="FROM scratch\nCOPY file /\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (place.root / "file").unlink()
