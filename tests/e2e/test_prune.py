"""Releases of a small family, built by BuildKit and signed by cosign, and what a prune leaves of them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import references
from image_matrix.planning.registry_locations import cache_reference
from image_matrix.project.inputs import read_inputs
from image_matrix.pruning.tag_forms import LeftTag, read_tag
from tests.e2e import sigstore
from tests.e2e.support import docker
from tests.e2e.test_attacks import MATRIX, PERSON, environment
from tests.e2e.tiny_images import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.verify.engine import Engine
    from tests.e2e.sigstore import Authority

pytestmark = pytest.mark.e2e
PLATFORMS = ("linux/amd64", "linux/arm64")
SCIENCE = "science:default"
MEANWHILE = """\
import os, subprocess, sys
from image_matrix.cli import main, prune_needs
heads, calls = prune_needs.heads, []
def read(*arguments):
    calls.append(1)
    if len(calls) == 2:  # everything is planned, and the first repository is about to be read again
        subprocess.run(os.environ["MEANWHILE"], shell=True, check=True)
    return heads(*arguments)
prune_needs.heads = read
main(sys.argv[1:])
"""
KILLED = """\
import os, signal, sys
from image_matrix.cli import main
from image_matrix.registry import repositories
delete, left = repositories.delete_manifest, [int(os.environ["DELETIONS"])]
def counted(*arguments):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    delete(*arguments)
repositories.delete_manifest = counted
main(sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class Family:
    """A repository with three releases of its image ``science``, and the environment of a run."""

    root: Path
    science: Repository
    environment: dict[str, str]
    indexes: list[str]
    """The digests of the releases."""

    def run(self, *arguments: str, program: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        start = ["-c", program] if program else ["-m", "image_matrix"]
        command = [sys.executable, *start, "-C", str(self.root), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env={**self.environment, **environment}
        )

    def succeed(self, *arguments: str, program: str = "", **environment: str) -> str:
        done = self.run(*arguments, program=program, **environment)
        assert done.returncode == 0, done.stderr
        return f"{done.stdout}{done.stderr}"

    def prune(self, *arguments: str, program: str = "", **environment: str) -> str:
        options = ("--keep-releases", "1", "--older", "0")
        return self.succeed("prune", *options, *arguments, program=program, **environment)

    def release(self, version: str) -> None:
        """Build, test and release what the matrix says with this version of a package."""
        matrix = yaml.safe_load((self.root / "matrix.yaml").read_text())
        matrix["images"]["science"]["pip"][-1] = f"six=={version}"
        (self.root / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False))
        self.succeed("-q", "render")
        for command in (["add", "--all"], [*PERSON, "commit", "-q", "-m", version], ["push", "-q"]):
            subprocess.run(["git", "-C", str(self.root), *command], check=True)
        state = state_of(load_project(read_inputs(self.root)))
        for platform in PLATFORMS:
            new = [
                name for name in state.loaded.variants if not in_registry(references(state)[name, platform])
            ]
            for name in new:
                leg = (name, platform)
                build(self.root, references(state)[leg], platform, cache_reference(state, *leg))
            self.succeed("accept", "--platform", platform, *new)
        self.succeed("release", "--push")
        digest = self.science.digest(state.keys[SCIENCE].tag)
        assert digest
        self.indexes.append(digest)

    def parts(self, index: str) -> list[str]:
        """Return what an index lists: the images and attestations of its platforms."""
        manifest = self.science.read(index)
        assert manifest
        return [one["digest"] for one in manifest["manifests"]]

    def first(self) -> str:
        """The tag of the first release: ``stable would get 2026.1129.3, for later`` names the newest."""
        newest = self.succeed("promote", "--to", "stable", "--dry-run").split()[3]
        return f"{newest.rpartition('.')[0]}.1"

    def whole(self, index: str) -> bool:
        """Pull an index for each platform, with attestations; verify its signatures, and those of its images."""
        images = [index, *self.parts(index)]
        for platform in PLATFORMS:
            docker("pull", "--quiet", "--platform", platform, self.science.at(index))
            docker("rmi", "--force", self.science.at(index))
        assert sum("in-toto" in str(self.science.read(one)) for one in images) == len(PLATFORMS)
        for image in images:
            options = ("--key", str(self.root / "cosign.pub"), "--insecure-ignore-tlog=true")
            command = ["cosign", "verify", *options, self.science.at(image)]
            done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
            assert done.returncode == 0, done.stderr
        return True


def in_registry(reference: str) -> bool:
    name, _, tag = reference.rpartition(":")
    return Repository(name).digest(tag) is not None


def build(folder: Path, reference: str, platform: str, cache: str) -> None:
    """Build an image of one file that says what it is, with its provenance, and push it as a candidate."""
    context = folder.parent / "context"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY file /file\n")
    (context / "file").write_text(reference)
    docker("buildx", "build", "--quiet", f"--platform={platform}", "--provenance=mode=max", "--push",
           f"--tag={reference}-candidate", f"--cache-to=type=registry,ref={cache},mode=max", str(context))  # fmt: skip


@pytest.fixture(scope="module")
def family(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Family:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("prune")
    authority = sigstore.authority(folder / "authority", sigstore.newest())
    path = f"{registry}/prune-{uuid.uuid4().hex[:8]}"
    variables = {**environment(folder, authority), "GITHUB_ACTIONS": ""}
    family = Family(folder / "work", Repository(f"{path}/science"), variables, [])
    start(folder, path, authority)
    for version in ("1.15.0", "1.16.0", "1.17.0"):
        family.release(version)
    return family


def start(folder: Path, registry: str, authority: Authority) -> None:
    """Make the git repository and its remote."""
    remote, work = folder / "remote.git", folder / "work"
    matrix = {**yaml.safe_load(MATRIX.read_text()), "registry": registry}
    matrix["defaults"]["images"]["platforms"] = list(PLATFORMS)
    matrix["images"]["base"]["publish"] = False
    matrix["images"]["science"]["pip"].append("six==1.17.0")
    matrix["release"]["scan"] = "none"
    matrix["sites"]["later"] = {"chart": "4.4.0", "channel": "stable"}
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    subprocess.run(["git", "clone", "-q", str(remote), str(work)], check=True, capture_output=True)
    subprocess.run(["git", "-C", str(work), "checkout", "-q", "-B", "main"], check=True)
    subprocess.run([*f"git -C {work} config push.default current".split()], check=True)
    (work / "cosign.pub").write_text(authority.public_key.read_text())
    (work / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False))


def tags(repository: Repository) -> set[str]:
    import requests

    return set(requests.get(f"{repository.url}/tags/list", timeout=30).json()["tags"] or ())


def test_a_dry_run_deletes_nothing(family: Family) -> None:
    before = tags(family.science)
    text = family.prune()
    assert re.search(
        r"would be deleted, which frees (at most |at least |about )?\d+ (kB|MB); --delete deletes them", text
    )
    assert "deletes  " in text
    assert tags(family.science) == before


def test_what_is_promoted_meanwhile_stays(family: Family) -> None:
    promote = f"{sys.executable} -m image_matrix -C {family.root} promote {family.first()} --to stable"
    text = family.prune("--delete", program=MEANWHILE, MEANWHILE=promote)
    assert re.search(r"^0 of \d+ manifests deleted$", text, re.MULTILINE)
    assert all(family.whole(index) for index in family.indexes[:1])
    subprocess.run(["git", "-C", str(family.root), "push", "-q", "origin", ":stable"], check=True)


def test_what_gets_a_tag_meanwhile_stays(family: Family) -> None:
    url, index = f"{family.science.url}/manifests", family.indexes[0]
    kind = "application/vnd.oci.image.index.v1+json"
    put = f"curl -sS --fail -X PUT -H 'Content-Type: {kind}' --data-binary @- {url}/mine"
    family.prune(
        "--delete",
        program=MEANWHILE,
        MEANWHILE=f"curl -sS --fail -H 'Accept: {kind}' {url}/{index} | {put}",
    )
    assert family.whole(index)
    family.science.point("mine", family.indexes[-1])


def test_what_was_killed_is_completed_and_releases_stay_whole(family: Family) -> None:
    parts = family.parts(family.indexes[0])
    done = family.run(
        "prune", "--keep-releases", "1", "--older", "0", "--delete", program=KILLED, DELETIONS="5"
    )
    assert done.returncode == -signal.SIGKILL
    assert "deleted" in family.prune("--delete")
    assert [one for one in (family.indexes[0], *parts) if family.science.digest(one)] == []
    left = tags(family.science)
    assert not [tag for tag in left if isinstance(read_tag(tag), LeftTag)]
    assert not {f"{one.replace(':', '-')}.sig" for one in (family.indexes[0], *parts)} & left
    assert all(family.whole(index) for index in family.indexes[1:])
    assert "nothing to delete" in (again := family.prune())
    assert "leaves" not in again
    assert {"cache-default-amd64", "cache-default-arm64", "latest", "mine"} <= left


def test_a_release_whose_images_are_pruned_is_not_promoted(family: Family) -> None:
    family.prune("--delete")
    done = family.run("promote", family.first(), "--to", "stable")
    assert done.returncode == 1
    assert f"/science@{family.indexes[0]}" in done.stderr
    branch = ["git", "-C", str(family.root), "ls-remote", "origin", "stable"]
    assert subprocess.run(branch, check=True, capture_output=True, text=True).stdout == ""
