"""What whoever may write to the registry, but has no key of the release, can have released: nothing.

A small family is built, tested, scanned and released as the workflow does it, with the real command line, registry, git
remote and cosign. Each test then writes to the registry what an attacker could, and asks what a run of the default
branch makes of it: the plan has to build the image again, and a release must not move the branch or a tag.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.config.release import Signing
from image_matrix.planning.plan import promises_digest, references
from image_matrix.project.inputs import read_inputs
from image_matrix.publish import claims
from image_matrix.publish.indexes import policy_of
from image_matrix.publish.signing import attest, sign
from tests.e2e import sigstore
from tests.e2e.tiny_images import Repository, copy_image, copy_signatures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.planning.plan import State
    from image_matrix.verify.engine import Engine
    from tests.e2e.sigstore import Authority

pytestmark = pytest.mark.e2e
MATRIX = Path(__file__).parent.parent / "fixtures" / "attacks" / "matrix.yaml"
PLATFORM = "linux/amd64"
IMAGES = ("base", "science")
TARGET = "science:default"
PERSON = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")


@dataclass(frozen=True, slots=True)
class Family:
    """A repository of images with its registry, and the environment of a run of its default branch."""

    root: Path
    registry: str
    authority: Authority
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "image_matrix", "-C", str(self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)

    def succeed(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def state(self) -> State:
        return state_of(load_project(read_inputs(self.root)))

    def tag(self, variant: str) -> tuple[Repository, str]:
        """Return the repository and the immutable tag of a variant's image for the platform."""
        name, _, tag = references(self.state())[variant, PLATFORM].rpartition(":")
        return Repository(name), tag

    def build(self, variant: str) -> str:
        """Do what the legs of a run do, with an image of one file; return its digest."""
        repository, tag = self.tag(variant)
        digest = repository.index([repository.image("amd64")], f"{tag}-candidate")
        self.succeed("accept", "--platform", PLATFORM, "--image", repository.at(digest), variant)
        self.scan(variant)
        return digest

    def scan(self, variant: str) -> None:
        result = str(self.root.parent / "scanned.json")
        self.succeed("scan", "--platform", PLATFORM, "--result", result, variant)
        self.succeed("ci", "attest", "--platform", PLATFORM, result)

    def vouch(self, image: str, signer: Authority, key: str | None = None) -> None:
        """Sign and attest an image with somebody's key, as `accept` and `scan` do; for another content key, too."""
        state = self.state()
        key = key or state.keys[TARGET].platforms[PLATFORM]
        promises = promises_digest(state, state.loaded.variants[TARGET])
        signing = Signing(key=str(signer.key), public_log=False)
        policy = policy_of(state.loaded.matrix.release)
        workflow = {claims.WORKFLOW: sigstore.IDENTITY}
        sign(signing, image, {**claims.tested(TARGET, PLATFORM, key, promises), **workflow}, "manifest")
        attest(signing, image, {**claims.scanned(TARGET, PLATFORM, key, policy), **workflow})

    def plan(self) -> dict[str, dict[str, Any]]:
        """Return what `ci plan` has built by a run of the default branch: variants by job."""
        output = self.root.parent / "output"
        output.write_text("")
        self.succeed("ci", "plan")
        values = dict(line.split("=", 1) for line in output.read_text().splitlines() if "=" in line)
        return {name: json.loads(values[name]) for name in ("legs", "scans")}

    def offered(self) -> str:
        """Return everything that a release moves: the release branch and the moving tags."""
        tags = [Repository(f"{self.registry}/{image}").digest("latest") for image in IMAGES]
        return f"{self.git('ls-remote', 'origin', 'release')} {tags}"


@pytest.fixture(scope="module")
def family(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Family:  # noqa: ARG001
    """A family with a release."""
    folder = tmp_path_factory.mktemp("attacks")
    authority = sigstore.authority(folder / "authority", sigstore.newest())
    path = f"{registry}/attacks-{uuid.uuid4().hex[:8]}"
    family = Family(folder / "work", path, authority, environment(folder, authority))
    start(folder, path, authority)
    for variant in family.state().loaded.variants:
        family.build(variant)
    family.succeed("release", "--push")
    secrets = ("SIGNING_KEY", "COSIGN_PASSWORD")
    public = {name: value for name, value in family.environment.items() if name not in secrets}
    assert replace(family, environment=public).plan() == {"legs": {}, "scans": {}}, "the public key is enough"
    return family


def environment(folder: Path, authority: Authority) -> dict[str, str]:
    (folder / "event.json").write_text(json.dumps({"ref": "refs/heads/main"}))
    return {
        **os.environ,
        **sigstore.RUN,
        "PATH": f"{authority.cosign.parent}:{os.environ['PATH']}",
        "COSIGN_PASSWORD": sigstore.PASSWORD,
        "SIGNING_KEY": authority.key.read_text(),
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_OUTPUT": str(folder / "output"),
    }


def start(folder: Path, registry: str, authority: Authority) -> None:
    """Make the git repository and its remote."""
    remote, work = folder / "remote.git", folder / "work"
    matrix = {**yaml.safe_load(MATRIX.read_text()), "registry": registry}
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    subprocess.run(["git", "clone", "-q", str(remote), str(work)], check=True, capture_output=True)
    (work / "cosign.pub").write_text(authority.public_key.read_text())
    (work / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False))
    subprocess.run([sys.executable, "-m", "image_matrix", "-C", str(work), "-q", "render"], check=True)
    for command in (
        ["checkout", "-q", "-B", "main"],
        ["add", "--all"],
        [*PERSON, "commit", "-q", "-m", "Start"],
        ["push", "-q", "origin", "main"],
    ):
        subprocess.run(["git", "-C", str(work), *command], check=True)


@pytest.fixture(autouse=True)
def target(family: Family, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The released image that is attacked; its tag points to it again after the test."""
    for name in ("PATH", "COSIGN_PASSWORD"):
        monkeypatch.setenv(name, family.environment[name])
    repository, tag = family.tag(TARGET)
    digest = repository.digest(tag)
    assert digest is not None
    yield digest
    repository.point(tag, digest)


def refuse(family: Family) -> None:
    """Check that a run of the default branch builds the image again, and that a release of it moves nothing."""
    before = family.offered()
    assert family.plan()["legs"] == {"science-amd64": ["default"]}
    done = family.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert f"{TARGET} is held back: " in done.stderr
    assert family.offered() == before


def test_a_foreign_image_under_the_tag_of_the_current_key(family: Family, target: str) -> None:
    repository, tag = family.tag(TARGET)
    assert repository.image("amd64", tag)["digest"] != target
    refuse(family)


def test_a_foreign_index_with_the_annotations_of_a_release(family: Family) -> None:
    """Everything that a release writes of an index, but its signature."""
    repository, tag = family.tag(TARGET)
    index_tag = family.state().keys[TARGET].tag
    released = repository.read(index_tag)
    digest = repository.digest(index_tag)
    assert released is not None
    assert digest is not None
    foreign = repository.image("amd64", tag)
    repository.manifest({**released, "manifests": [foreign]}, index_tag)
    refuse(family)
    repository.point(index_tag, digest)


def test_the_signature_of_another_key(family: Family, tmp_path: Path) -> None:
    """What the attacker says is right in all but who says it."""
    repository, tag = family.tag(TARGET)
    foreign = repository.at(repository.image("amd64", tag)["digest"])
    theirs = sigstore.authority(tmp_path / "theirs", family.authority.cosign)
    family.vouch(foreign, theirs)
    refuse(family)


def test_the_signatures_of_the_image_copied_to_a_foreign_one(family: Family, target: str) -> None:
    repository, tag = family.tag(TARGET)
    foreign = repository.image("amd64", tag)["digest"]
    assert copy_signatures(repository, target, repository, foreign)
    refuse(family)


def test_the_signed_image_of_another_variant(family: Family) -> None:
    """It is tested, scanned and signed, but as another image: as the parent, for example, without its packages."""
    other, other_tag = family.tag("base:default")
    repository, tag = family.tag(TARGET)
    digest = other.digest(other_tag)
    assert digest is not None
    copy_image(other, digest, repository)
    assert copy_signatures(other, digest, repository, digest)
    repository.point(tag, digest)
    refuse(family)


def test_an_older_image_of_the_same_variant(family: Family) -> None:
    """A downgrade: signed with the key of the release, for a content key that had packages with flaws."""
    repository, tag = family.tag(TARGET)
    family.vouch(repository.at(repository.image("amd64", tag)["digest"]), family.authority, "0" * 64)
    refuse(family)


def test_a_tag_that_moves_after_the_scan(family: Family, target: str) -> None:
    """A new build is tested and scanned; before the release, somebody points its tag elsewhere."""
    repository, tag = family.tag(TARGET)
    assert family.build(TARGET) != target
    repository.image("amd64", tag)
    refuse(family)
