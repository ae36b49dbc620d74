"""A repository with its remote, which releases to a registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from image_matrix.registry.upload import IMAGE_MANIFEST
from tests.e2e.tiny_images import INDEX

if TYPE_CHECKING:
    from image_matrix.planning.plan import State
    from image_matrix.verify.engine import Engine


MATRIX = Path(__file__).parent.parent / "fixtures" / "release" / "matrix.yaml"


@dataclass
class Place:
    """A clone, and its name in the registry."""

    root: Path
    registry: str
    name: str

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "image_matrix", "-C", str(self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})

    def state(self) -> State:
        return state_of(load_project(read_inputs(self.root)))

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(self.root), *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    def manifest(self, image: str, tag: str) -> tuple[str, dict[str, Any]]:
        url = f"http://{self.registry}/v2/{self.name}/{image}/manifests/{tag}"
        answer = requests.get(url, headers={"Accept": f"{INDEX}, {IMAGE_MANIFEST}"}, timeout=30)
        return answer.headers.get("Docker-Content-Digest", ""), answer.json()

    def push(self, leg: tuple[str, str], suffix: str = "", size: int = 20) -> None:
        """Push an image with one file of random bytes under a leg's immutable tag."""
        push_to(self, f"{references(self.state())[leg]}{suffix}", leg[1], size)

    def edit(self, section: str = "release", **fields: Any) -> None:
        """Change a section of the matrix and commit."""
        said = yaml.safe_load((self.root / "matrix.yaml").read_text())
        fields = {**said[section], **fields}
        said[section] = {key: value for key, value in fields.items() if value is not None}
        (self.root / "matrix.yaml").write_text(yaml.safe_dump(said, sort_keys=False))
        self.commit("Edit")

    def commit(self, subject: str) -> None:
        """Render and commit, as people do: deploy/ is on the default branch, too."""
        done = self.run("render")
        assert done.returncode == 0, done.stderr
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)


def cloned(folder: Path, registry: str) -> Place:
    """Return an empty clone of an empty remote repository, with a name of its own in the registry."""
    made = Place(folder / "work", registry, f"release-{uuid.uuid4().hex[:8]}")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder / "remote.git")], check=True)
    subprocess.run(
        ["git", "clone", "-q", str(folder / "remote.git"), str(made.root)], check=True, capture_output=True
    )
    for key, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
        made.git("config", key, value)
    made.git("checkout", "-q", "-B", "main")
    return made


@pytest.fixture(scope="module")
def place(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Place:  # noqa: ARG001
    made = cloned(tmp_path_factory.mktemp("release"), registry)
    matrix = yaml.safe_load(MATRIX.read_text())
    matrix |= {
        "registry": f"{registry}/{made.name}",
        "defaults": {"images": {"platforms": ["linux/amd64", "linux/arm64"]}},
    }
    matrix |= {"release": {"sign": "none"}}
    (made.root / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False))
    made.commit("Start")
    legs = list(references(made.state()))
    for leg in legs[:-1]:
        made.push(leg)
    return made


def last_leg(place: Place) -> tuple[str, str]:
    return list(references(place.state()))[-1]


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


def push_to(place: Place, reference: str, platform: str, size: int = 20, *options: str) -> None:
    (place.root / "file").write_bytes(os.urandom(size))
    command = [
        "docker",
        "buildx",
        "build",
        "--quiet",
        "--push",
        f"--platform={platform}",
        f"--tag={reference}",
        *options,
    ]
    done = subprocess.run(
        [*command, "--file=-", str(place.root)],
        input="FROM scratch\nCOPY file /\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (place.root / "file").unlink()
