"""Releases against a real registry and git remote: two platforms, from images that hold one file."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from image_matrix.build.imagetools import create
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.pinned.tools import native_arch
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from image_matrix.publish.indexes import complete, origin
from image_matrix.registry.answers import Manifest
from image_matrix.registry.opening import open_registry
from image_matrix.registry.upload import IMAGE_MANIFEST
from tests.e2e.proofs import accept_all, attest_all
from tests.e2e.tiny_images import Repository

if TYPE_CHECKING:
    from image_matrix.planning.plan import State
    from image_matrix.verify.engine import Engine

pytestmark = pytest.mark.e2e
MATRIX = Path(__file__).parent.parent / "fixtures" / "release" / "matrix.yaml"
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
    matrix = yaml.safe_load(MATRIX.read_text())
    matrix |= {
        "registry": f"{registry}/{made.name}",
        "defaults": {"images": {"platforms": ["linux/amd64", "linux/arm64"]}},
    }
    matrix |= {"release": {"sign": "none"}}
    (made.root / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False))
    made.git("checkout", "-q", "-B", "main")
    made.commit("Start")
    legs = list(references(made.state()))
    for leg in legs[:-1]:
        made.push(leg)
    return made


def last_leg(place: Place) -> tuple[str, str]:
    return list(references(place.state()))[-1]


def test_a_missing_platform_holds_back_its_image_alone(place: Place, tmp_path: Path) -> None:
    done = place.run("release", "--push", GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    name, platform = last_leg(place)
    assert done.returncode == 0, done.stderr
    assert f"{name} is held back: {platform}: not built and tested" in done.stderr
    place.git("fetch", "-q", "origin", "release")
    images = json.loads(place.git("show", "FETCH_HEAD:deploy/images.json"))["images"]
    assert set(images) == {"base:default", "lab:default"}
    profiles = yaml.safe_load(place.git("show", "FETCH_HEAD:deploy/hub/jupyterhub/values.yaml"))
    assert [one["slug"] for one in profiles["singleuser"]["profileList"]] == ["lab"]
    summary = (tmp_path / "summary").read_text()
    assert f"| `{name}` | {platform}: not built and tested |" in summary
    assert "- profile `science` of `hub` is left out: none of its images has been released" in summary
    assert "latest" in tags(place, "lab")
    assert "latest" not in tags(place, "science")


def tags(place: Place, image: str) -> list[str]:
    """Return the tags of an image in the registry."""
    answer = requests.get(f"http://{place.registry}/v2/{place.name}/{image}/tags/list", timeout=30)
    listed: list[str] = answer.json().get("tags") or []
    return listed


def test_what_is_over_its_size_is_not_accepted(place: Place) -> None:
    name, platform = last_leg(place)
    science = yaml.safe_load((place.root / "matrix.yaml").read_text())["images"]["science"]
    place.edit("images", science={**science, "max_size": "1MB"})
    place.push((name, platform), "-candidate", size=1_100_000)
    done = place.run("accept", "--platform", platform, name)
    assert done.returncode == 1
    assert "science" in done.stderr
    assert "1.1 MB compressed; `max_size` allows 1.0 MB" in done.stderr
    assert "not built and tested" in place.run("release", "--push").stderr
    place.push((name, platform), "-candidate")
    assert place.run("accept", "--platform", platform, name).returncode == 0


def test_a_release_has_every_platform_and_says_where_it_is_from(place: Place) -> None:
    done = place.run("release", "--push", GITHUB_SHA="abc")
    assert done.returncode == 0, done.stderr
    tag = place.state().keys[last_leg(place)[0]].tag
    digest, index = place.manifest("science", tag)
    platforms = {
        f"{item['platform']['os']}/{item['platform']['architecture']}" for item in index["manifests"]
    }
    assert {"linux/amd64", "linux/arm64"} <= platforms
    assert index["annotations"]["org.opencontainers.image.revision"] == "abc"
    label = tag.rpartition("-")[0]
    assert place.manifest("science", label)[0] == place.manifest("science", "latest")[0] == digest
    place.git("fetch", "-q", "origin", "release")
    images = json.loads(place.git("show", "FETCH_HEAD:deploy/images.json"))["images"]
    assert images[last_leg(place)[0]]["digest"] == digest


def test_again_writes_nothing(place: Place) -> None:
    before = place.git("ls-remote", "origin", "release")
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "0 indexes to create, signing is off" in done.stderr
    assert "0 of" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before


def test_status_says_what_is_tested_and_what_users_have(place: Place) -> None:
    place.git("fetch", "-q", "origin", "release")
    rows = {line.split()[0]: line for line in place.run("status").stdout.splitlines()}
    assert re.fullmatch(r"lab:default +tested +no +\d+ MB +this of \d{4}-\d\d-\d\d.*", rows["lab:default"])
    place.edit(
        "images", lab={"from": "base", "kind": "jupyter", "pip": ["jupyterlab==4.6.5", "jupyterhub==5.5.0"]}
    )
    again = {line.split()[0]: line for line in place.run("status").stdout.splitlines()}
    assert re.fullmatch(r"lab:default +not built +an older one of .*", again["lab:default"])
    assert again["base:default"].split() == rows["base:default"].split()
    place.git("reset", "-q", "--hard", "HEAD~1")


def test_a_dry_run_says_and_does_nothing(place: Place) -> None:
    before = place.git("ls-remote", "origin")
    done = place.run("release")
    assert done.returncode == 0, done.stderr
    assert place.git("ls-remote", "origin") == before


def test_an_image_without_attestations_is_released_once(place: Place) -> None:
    """Its tag points to a manifest, and to no index."""
    leg = last_leg(place)
    push_to(place, references(place.state())[leg], leg[1], 20, "--provenance=false")
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "1 indexes to create" in done.stderr
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "0 indexes to create" in done.stderr


def test_a_registry_that_is_gone(place: Place) -> None:
    overlay = place.root.parent / "gone.yaml"
    overlay.write_text("registry: localhost:9/gone\n")
    done = place.run("--overlay", str(overlay), "release", "--push")
    assert done.returncode == 3
    assert "localhost:9: connection refused" in done.stderr


def test_an_older_commit_is_not_released_over_a_newer_one(place: Place) -> None:
    newest = place.git("rev-parse", "HEAD")
    place.push(last_leg(place))  # other bytes under the same key: the index changes, and so does the release
    assert place.run("release", "--push").returncode == 0
    place.git("checkout", "-q", "HEAD~1")
    done = place.run("release", "--push")
    assert done.returncode == 1
    assert f"was made from {newest[:12]}, which is newer than this commit" in done.stderr
    place.git("checkout", "-q", "main")


def test_an_edit_and_its_revert_are_released(place: Place) -> None:
    """Three releases of one repository: deploy/ is another on each, and another one than the default branch has."""
    leg = last_leg(place)
    first = offered(place)[leg[0]]["digest"]
    matrix = (place.root / "matrix.yaml").read_text()
    assert "toolz==1.0.0" in matrix
    (place.root / "matrix.yaml").write_text(matrix.replace("toolz==1.0.0", "toolz==0.12.1"))
    place.commit("An edit")
    for platform in ("linux/amd64", "linux/arm64"):
        place.push((leg[0], platform))
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    second = offered(place)[leg[0]]["digest"]
    assert second != first
    assert place.manifest("science", "latest")[0] == second
    place.git("revert", "--no-edit", "HEAD")
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert offered(place)[leg[0]]["digest"] == place.manifest("science", "latest")[0] == first
    values = place.git("show", "FETCH_HEAD:deploy/hub/jupyterhub/values.yaml")
    assert first in values
    assert second not in values
    assert place.git("status", "--porcelain") == ""


def test_where_the_branch_refuses_no_tag_moves(place: Place) -> None:
    hook = place.root.parent / "remote.git" / "hooks" / "pre-receive"
    hook.write_text(
        "#!/bin/sh\necho 'GH013: Repository rule violations' >&2\necho 'ask the owners' >&2\nexit 1\n"
    )
    hook.chmod(0o755)
    before, branch = place.manifest("science", "latest")[0], place.git("ls-remote", "origin", "release")
    place.push(last_leg(place))
    refused = place.run("release", "--push")
    hook.unlink()
    assert refused.returncode == 1
    assert "remote: GH013: Repository rule violations" in refused.stderr
    assert "remote: ask the owners" in refused.stderr
    assert place.manifest("science", "latest")[0] == before
    assert place.git("ls-remote", "origin", "release") == branch
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "0 indexes to create" in done.stderr
    assert offered(place)[last_leg(place)[0]]["digest"] == place.manifest("science", "latest")[0] != before


STOPS = """#!/bin/sh
case "$*" in *"imagetools create --tag"*":latest "*) echo "ERROR: denied" >&2; exit 1 ;; esac
exec "{docker}" "$@"
"""


def test_what_a_failure_between_branch_and_tags_left_is_done_by_the_next_release(
    place: Place, tmp_path: Path
) -> None:
    wrapper = tmp_path / "docker"
    wrapper.write_text(STOPS.format(docker=shutil.which("docker")))
    wrapper.chmod(0o755)
    before = place.manifest("science", "latest")[0]
    place.push(last_leg(place))
    failed = place.run("release", "--push", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert failed.returncode == 3
    assert "latest could not be written: denied" in failed.stderr
    digest = offered(place)[last_leg(place)[0]]["digest"]
    assert digest != before == place.manifest("science", "latest")[0]
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "release is up to date" in done.stderr
    assert place.manifest("science", "latest")[0] == digest


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
    science, base = last_leg(place)[0], next(iter(references(place.state())))[0]
    older, good = place.git("rev-parse", "HEAD~1"), offered(place)[science]["digest"]
    place.push(last_leg(place))
    released(place, "A bad one")
    bad = offered(place)[science]["digest"]
    assert bad != good
    take_back(place)
    assert offered(place)[science]["digest"] == good

    assert "is kept" in released(place, "A typo in the README")
    assert offered(place)[science]["digest"] == good
    place.git("checkout", "-q", older)
    assert "is newer than this commit" in place.run("release", "--push").stderr
    place.git("checkout", "-q", "main")

    before = offered(place)[base]["digest"]
    place.push((base, "linux/amd64"))
    released(place, "Another image is new")
    assert offered(place)[base]["digest"] != before
    for _ in range(2):
        assert offered(place)[science] | {"digest": good, "instead_of": bad} == offered(place)[science]
        assert f"{science} keeps {good}" in released(place, "Nothing is new")

    place.push(last_leg(place))
    released(place, "Mended")
    assert offered(place)[science]["digest"] not in (good, bad)
    assert "instead_of" not in offered(place)[science]


def test_tags_of_an_image_move_beside_the_immutable_one(place: Place) -> None:
    science = last_leg(place)[0]
    image = yaml.safe_load((place.root / "matrix.yaml").read_text())["images"]["science"]
    place.edit("images", science={**image, "tags": ["stable", "r{release}", "{commit}", "{date}"]})
    before = place.manifest("science", "latest")[0]
    place.push(last_leg(place))
    released(place, "With tags")
    digest, number = (
        offered(place)[science]["digest"],
        place.git("rev-list", "--count", "--grep=^Source-Commit: ", "FETCH_HEAD"),
    )
    for tag in ("stable", f"r{number}", place.git("rev-parse", "HEAD")[:12], place.state().keys[science].tag):
        assert place.manifest("science", tag)[0] == digest
    assert place.manifest("science", "latest")[0] == before != digest, "it no longer moves"
    place.edit("images", science=image)
    released(place, "Without tags")
    assert place.manifest("science", "latest")[0] == digest


REFUSES = """#!/bin/sh
case "$*" in *"imagetools create --tag"*"/{path}/"*) echo "ERROR: denied" >&2; exit 1 ;; esac
exec "{docker}" "$@"
"""


def test_a_release_is_copied_to_other_registries(place: Place, tmp_path: Path) -> None:
    """Here to two other paths of the same one: digests are the same, and a copy that fails is made by the next run."""
    science, full, refusing = last_leg(place)[0], f"a-{uuid.uuid4().hex[:8]}", f"b-{uuid.uuid4().hex[:8]}"
    place.edit(copies=[f"{place.registry}/{place.name}/{path}" for path in (full, refusing)])
    wrapper = tmp_path / "docker"
    wrapper.write_text(REFUSES.format(docker=shutil.which("docker"), path=refusing))
    wrapper.chmod(0o755)
    place.push(last_leg(place))
    failed = place.run("release", "--push", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert failed.returncode == 3
    assert "the release is done, but 3 of 6 copies failed" in failed.stderr
    assert f"{place.name}/{refusing}/base:" in failed.stderr
    digest, tag = offered(place)[science]["digest"], place.state().keys[science].tag
    assert place.manifest("science", "latest")[0] == digest
    for name in (tag, "default", "latest"):
        assert place.manifest(f"{full}/science", name)[0] == digest
        assert place.manifest(f"{refusing}/science", name)[0] != digest
    assert "6 copies in other registries, 9 tags written" in released(place, "The rest")
    assert place.manifest(f"{refusing}/science", "latest") == place.manifest("science", "latest")
    assert "6 copies in other registries, 0 tags written" in released(place, "Nothing is new")
    place.edit(copies=None)


def test_deploy_is_pushed_to_the_registry(place: Place, tmp_path: Path) -> None:
    """What Flux' OCIRepository takes: with the layer unpacked, the same files as on the branch."""
    place.edit(artifact="deploy")
    place.push(last_leg(place))
    assert "/deploy@sha256:" in released(place, "With an artifact")
    offered(place)
    commit = place.git("rev-parse", "FETCH_HEAD")
    tags = (line.split("\t") for line in place.git("ls-remote", "--tags", "origin").splitlines())
    (version,) = (name.removeprefix("refs/tags/") for identity, name in tags if identity == commit)
    digest, manifest = place.manifest("deploy", "release")
    assert place.manifest("deploy", version)[0] == digest
    assert manifest["annotations"]["org.opencontainers.image.revision"] == f"release@sha1:{commit}"
    (layer,) = manifest["layers"]
    url = f"http://{place.registry}/v2/{place.name}/deploy/blobs/{layer['digest']}"
    for folder in ("artifact", "branch"):
        (tmp_path / folder).mkdir()
    with tarfile.open(fileobj=io.BytesIO(requests.get(url, timeout=30).content)) as tar:
        tar.extractall(tmp_path / "artifact", filter="data")
    place.git("archive", f"--output={tmp_path / 'branch.tar'}", "FETCH_HEAD:deploy")
    with tarfile.open(tmp_path / "branch.tar") as tar:
        tar.extractall(tmp_path / "branch", filter="data")
    same = subprocess.run(
        ["diff", "--recursive", tmp_path / "artifact", tmp_path / "branch"], capture_output=True
    )
    assert same.returncode == 0, same.stdout
    assert (tmp_path / "artifact" / "images.json").is_file()
    assert "0 of 2 tags updated" in released(place, "Nothing is new")
    assert place.manifest("deploy", "release")[0] == digest
    place.edit(artifact=None)


def test_another_policy_reaches_what_is_released(place: Place) -> None:
    science = last_leg(place)[0]
    before = offered(place)[science]["digest"]
    place.edit(sign="none", scan={"tool": "grype"})
    released(place, "Another scanner")
    assert offered(place)[science]["digest"] != before
    assert "0 indexes to create" in released(place, "The same one")


def test_signing_without_its_program_is_no_release(place: Place) -> None:
    place.edit(sign={"tool": "notation", "plugin": "com.example", "key": "arn:x"})
    place.push(last_leg(place))
    before = place.git("ls-remote", "origin", "release")
    done = place.run("release", "--push")
    assert done.returncode == 3
    assert "`notation` is not on PATH" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before


STANDIN = f"""#!/bin/sh
exec "{sys.executable}" "{Path(__file__).parent / "cosign.py"}" "$@"
"""
OURS = {
    "GITHUB_SERVER_URL": "https://github.example.org",
    "GITHUB_REPOSITORY": "example/notebooks",
    "GITHUB_REF": "refs/heads/main",
}
ARCHS = ("amd64", "arm64")


@dataclass
class Signed:
    """A repository whose releases are signed, with the stand-in of cosign on PATH, and with a PATH that has none."""

    place: Place
    folder: Path
    without: str

    def release(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.place.run("release", "--push", **environment)

    def prove(self) -> None:
        """Do what the jobs of a run do after a build: sign what is tested, attest what is scanned."""
        accept_all(self.place.state())
        attest_all(self.place.state())

    def scans(self, **environment: str) -> set[tuple[str, str]]:
        """What `ci plan` has scanned by the run of a push, which builds nothing: image and architecture."""
        built, scanned = self.plan(**environment)
        assert built == set(), "everything has its tag and its signature"
        return scanned

    def plan(self, **environment: str) -> tuple[set[str], set[tuple[str, str]]]:
        """What the run of a push builds, by job, and what it scans."""
        output, event = self.folder / "output", self.folder / "event.json"
        output.write_text("")
        event.write_text(json.dumps({"ref": "refs/heads/main"}))
        files = {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event), "GITHUB_OUTPUT": str(output)}
        done = self.place.run("ci", "plan", **files, **environment)
        assert done.returncode == 0, done.stderr
        values = dict(line.split("=", 1) for line in output.read_text().splitlines())
        built = {*json.loads(values["legs"])}
        return built, {
            (image, leg["arch"]) for image, legs in json.loads(values["scans"]).items() for leg in legs
        }

    def science(self) -> str:
        """What the release branch offers of the last image: repository and digest."""
        entry = offered(self.place)[last_leg(self.place)[0]]
        return f"{self.place.registry}/{self.place.name}/science@{entry['digest']}"

    def verifies(self, image: str) -> bool:
        command = [str(self.folder / "cosign"), "verify", "--key", str(self.folder / "key.pub"), image]
        return subprocess.run(command, capture_output=True).returncode == 0

    def forge(self) -> None:
        """Do what whoever may push to the registry can: an image of one's own, its index, and what the index says."""
        name = last_leg(self.place)[0]
        state = self.place.state()
        for arch in ARCHS:
            self.place.push((name, f"linux/{arch}"))
        names = references(state)
        parts = {f"linux/{arch}": self.digest(names[name, f"linux/{arch}"]) for arch in ARCHS}
        (index,) = (
            item
            for item in complete(state, {leg: parts[leg[1]] if leg[0] == name else None for leg in names})
            if item.variant.id == name
        )
        create(index.reference, index.sources, origin(OURS, "2026-01-01T00:00:00+00:00", index))

    def digest(self, reference: str) -> Manifest:
        answer = open_registry(self.place.state().loaded.matrix).manifest(reference)
        assert isinstance(answer, Manifest)
        return answer


@pytest.fixture
def signed(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signed:
    """Everything is released, keyless, by the workflow of the default branch."""
    for command in (
        ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "key.pem"],
        ["openssl", "ec", "-in", "key.pem", "-pubout", "-out", "key.pub"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "cosign").write_text(STANDIN)
    (tmp_path / "cosign").chmod(0o755)
    bare = tmp_path / "bare"
    bare.mkdir()
    for program in ("docker", "git"):
        (bare / program).symlink_to(str(shutil.which(program)))
    for name, value in {
        **OURS,
        "STANDIN_KEYS": str(tmp_path),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }.items():
        monkeypatch.setenv(name, value)
    place.edit(sign="cosign", scan={"tool": "command", "command": ["true", "{archive}", "{report}"]})
    place.push(last_leg(place))  # the repository begins without it
    made = Signed(place, tmp_path, str(bare))
    made.prove()
    done = made.release()
    assert done.returncode == 0, done.stderr
    assert made.verifies(made.science())
    return made


def test_what_is_signed_is_neither_scanned_nor_made_nor_signed_again(signed: Signed) -> None:
    before = signed.science()
    assert signed.scans() == set()
    done = signed.release()
    assert "0 indexes to create, 0 to sign, 3 exist" in done.stderr
    assert "release is up to date" in done.stderr
    assert signed.science() == before


SCIENCE = {("science", arch) for arch in ARCHS}
SCIENCE_JOBS = {f"science-{arch}" for arch in ARCHS}


def test_a_foreign_image_is_built_again_and_never_released(signed: Signed) -> None:
    place = signed.place
    before, latest = signed.science(), place.manifest("science", "latest")[0]
    branch = place.git("ls-remote", "origin", "release")
    signed.forge()
    assert signed.plan() == (SCIENCE_JOBS, SCIENCE)
    done = signed.release()
    assert done.returncode == 0, done.stderr
    held = "science:default is held back: linux/amd64: not tested: it has no valid signature"
    assert held in done.stderr
    assert signed.science() == before
    done = signed.release(PATH=signed.without)
    assert done.returncode == 3
    assert "`cosign` is not on PATH" in done.stderr
    assert place.git("ls-remote", "origin", "release") == branch
    assert place.manifest("science", "latest")[0] == latest
    place.push(last_leg(place))
    signed.prove()
    done = signed.release()
    assert done.returncode == 0, done.stderr
    assert signed.science() != before
    assert signed.verifies(signed.science())
    assert signed.scans() == set()


@pytest.mark.parametrize(
    "run", [{"GITHUB_REF": "refs/heads/theirs"}, {"GITHUB_REPOSITORY": "stranger/notebooks"}]
)
def test_a_signature_of_another_run_does_not_count(signed: Signed, run: dict[str, str]) -> None:
    signed.forge()
    tag = signed.place.state().keys[last_leg(signed.place)[0]].tag
    index = f"{signed.place.registry}/{signed.place.name}/science@{signed.place.manifest('science', tag)[0]}"
    subprocess.run(
        [str(signed.folder / "cosign"), "sign", "--yes", index], check=True, env={**os.environ, **run}
    )
    assert signed.verifies(index)
    assert signed.plan() == (SCIENCE_JOBS, SCIENCE)
    before = signed.science()
    assert "science:default is held back: linux/amd64: not tested" in signed.release().stderr
    assert signed.science() == before


def test_an_image_that_nobody_scanned_is_not_released(signed: Signed) -> None:
    place = signed.place
    branch = place.git("ls-remote", "origin", "release")
    place.push(last_leg(place))
    accept_all(place.state())
    assert signed.scans() == SCIENCE
    done = signed.release()
    assert done.returncode == 0, done.stderr
    assert "science:default is held back: linux/arm64: not scanned: it has no valid signature" in done.stderr
    assert "linux/amd64: not" not in done.stderr, "the image of the other platform is as it was"
    assert place.git("ls-remote", "origin", "release") == branch


def test_a_scan_of_another_policy_releases_nothing(signed: Signed) -> None:
    signed.place.edit(scan={"tool": "command", "command": ["true", "--more", "{archive}", "{report}"]})
    done = signed.release()
    assert done.returncode == 1
    assert "not scanned: its attestations are for another variant, key or policy" in done.stderr
    attest_all(signed.place.state())
    assert signed.release().returncode == 0


def test_an_index_that_changes_while_it_is_made_is_not_signed(signed: Signed, tmp_path: Path) -> None:
    place = signed.place
    wrapper = tmp_path / "wrapped" / "docker"
    wrapper.parent.mkdir()
    foreign = f"{place.registry}/{place.name}/base:latest"
    wrapper.write_text(SWAPS.format(docker=shutil.which("docker"), foreign=foreign))
    wrapper.chmod(0o755)
    place.push(last_leg(place))
    signed.prove()
    before = place.git("ls-remote", "origin", "release")
    done = signed.release(PATH=f"{wrapper.parent}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "is not what this release has just written" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before


SWAPS = """#!/bin/sh
"{docker}" "$@" || exit
case "$*" in *"imagetools create --tag "*"-candidate --annotation"*)
  "{docker}" buildx imagetools create --tag "$5" "{foreign}" ;;
esac
"""


def test_without_a_signer_everything_is_scanned_in_every_run(signed: Signed) -> None:
    signed.place.edit(sign="none")
    for _ in range(2):
        done = signed.release(PATH=signed.without)
        assert done.returncode == 0, done.stderr
        every = {
            (leg[0].partition(":")[0], leg[1].partition("/")[2]) for leg in references(signed.place.state())
        }
        assert signed.scans(PATH=signed.without) == every
    assert "0 indexes to create, signing is off, 3 exist" in done.stderr
    assert "release is up to date" in done.stderr


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


UPDATED = """\
version: 1
registry: {path}
sources: {{tiny: "{path}/tiny:1"}}
release: {{sign: none, scan: none, sbom: false}}
workflow: none
images:
  base: {{from: tiny, context: base, contract: none, platforms: [{platform}]}}
  lab: {{from: base, context: lab, contract: none, platforms: [{platform}]}}
"""
STATUS = "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"


@pytest.fixture
def updated(registry: str, engine: Engine, tmp_path: Path) -> Place:  # noqa: ARG001
    """A base with a package of Debian, and an image on it."""
    made = Place(tmp_path / "work", registry, f"release-{uuid.uuid4().hex[:8]}")
    path, arch = f"{registry}/{made.name}", native_arch()
    Repository(f"{path}/tiny").image(arch, "1")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git")], check=True)
    subprocess.run(
        ["git", "clone", "-q", str(tmp_path / "remote.git"), str(made.root)], check=True, capture_output=True
    )
    for key, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
        made.git("config", key, value)
    made.git("checkout", "-q", "-B", "main")
    (made.root / "matrix.yaml").write_text(UPDATED.format(path=path, platform=f"linux/{arch}"))
    for name, dockerfile in {
        "base": f"FROM {path}/tiny:1\nCOPY status /var/lib/dpkg/status\n",
        "lab": f"FROM {path}/base\nCOPY lab /lab\n",
    }.items():
        (made.root / name).mkdir()
        (made.root / name / "Dockerfile").write_text(dockerfile)
    (made.root / "lab/lab").write_text("lab\n")
    return made


def release_of(place: Place, version: str) -> str:
    """Build, push and release with a version of the package; return what the release branch says of it."""
    (place.root / "base/status").write_text(STATUS.format(version=version))
    place.commit(f"openssl {version}")
    for command in (("build", "--push"), ("release", "--push")):
        done = place.run(*command)
        assert done.returncode == 0, done.stderr
        assert "note:" not in done.stderr
    place.git("fetch", "--quiet", "origin", "release")
    return place.git("log", "-1", "--format=%B", "FETCH_HEAD")


def test_an_update_of_a_debian_package_is_in_the_notes(updated: Place) -> None:
    assert "openssl" not in release_of(updated, "3.0.15")
    message = release_of(updated, "3.0.16")
    assert "base and 1 image on it\n  ~ openssl  3.0.15 → 3.0.16  apt\n" in message
    images = json.loads(updated.git("show", "FETCH_HEAD:deploy/packages.json"))["images"]
    assert images["base:default"]["installed"] == {"apt": {"openssl": "3.0.16"}}
    assert "installed" not in images["lab:default"]
    done = updated.run("diff", "origin/release", "HEAD")
    assert done.stdout.startswith("nothing changes in the images"), done.stdout
    shown = json.loads(updated.run("diff", "origin/release~1", "origin/release", "--format", "json").stdout)
    assert [(one["package"], one["before"], one["after"], one["images"]) for one in shown["packages"]] == [
        ("openssl", "3.0.15", "3.0.16", ["base", "lab"])
    ]
