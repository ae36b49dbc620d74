"""``prune``: what a repository of git, with its releases and pull requests, lets go from a registry."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.cli import run
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.cli.prune_deletion import Latest
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from image_matrix.publish.release_text import SOURCE_TRAILER
from image_matrix.registry import repositories
from tests.github.package_server import Behaviour, packages_of
from tests.pruning.filled import Filled
from tests.registry.writable import Behaviour as Registry
from tests.registry.writable import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.registry.writable import Writable

pytestmark = pytest.mark.slow
LEAF = "leaf:default"
PULLS = {7: "1.0.0", 8: "1.1.0"}
"""Pull requests, and what their leaf installs."""
MATRIX: dict[str, Any] = {
    "version": 1,
    "defaults": {"images": {"platforms": ["linux/amd64"]}},
    "sources": {"debian": "docker.io/library/debian:trixie-slim"},
    "images": {
        "base": {"from": "debian", "kind": "base", "pip": ["uv==0.13.8"]},
        "leaf": {"from": "base", "pip": ["six==1.16.0"]},
    },
    "release": {"sign": "none", "scan": "none"},
    "workflow": {"generator": ".[locked]"},
}


@dataclass
class Place:
    """A clone, its remote, and the registry that its images are in."""

    root: Path
    registry: Writable
    capture: pytest.CaptureFixture[str]
    released: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str) -> tuple[int, str]:
        self.capture.readouterr()
        code = run(["-C", str(self.root), *arguments])
        shown = self.capture.readouterr()
        assert "Traceback" not in shown.err
        return code, f"{shown.out}{shown.err}"

    def git(self, *arguments: str, stdin: str = "") -> str:
        command = [
            "git",
            "-C",
            str(self.root),
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.org",
            *arguments,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, input=stdin)
        return done.stdout.strip()

    def filled(self, image: str) -> Filled:
        return Filled(self.registry, f"team/{image}")

    def commit(self, version: str, target: str = "main", **workflow: Any) -> str:
        """Change the leaf, and push it to a branch; return the tag of its image."""
        matrix = {**MATRIX, "registry": f"{self.registry.host}/team"}
        matrix["images"]["leaf"]["pip"] = [f"six=={version}"]
        matrix["workflow"] = {**matrix["workflow"], **workflow}
        (self.root / "matrix.yaml").write_text(yaml.safe_dump(matrix))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", version)
        self.git(
            "push",
            "--quiet",
            "--force",
            "origin",
            f"HEAD:{target if '/' in target else f'refs/heads/{target}'}",
        )
        state = state_of(load_project(read_inputs(self.root)))
        return references(state)[LEAF, "linux/amd64"].rpartition(":")[2]

    def release(self, tag: str) -> str:
        """Write the index of a build, and a release that names it."""
        leaf = self.filled("leaf")
        build = leaf.server.tags[f"{leaf.name}:{tag}"]
        parts = listed_in(leaf, build)
        key = f"{len(self.released):x}".rjust(12, "f")  # its tag comes after that of the build
        digest = leaf.index(parts, "default", f"default-{key}", annotations={"image-matrix.key": key})
        leaf.sign(digest)
        self.released.append(digest)
        entry = {"reference": f"{leaf.repository}:default-{'0' * 12}@{digest}", "digest": digest}
        text = json.dumps({"version": 1, "images": {LEAF: entry}})
        message = f"Release\n\n{SOURCE_TRAILER}: {self.git('rev-parse', 'HEAD')}\n"
        self.on_branch("release", text, message)
        return digest

    def on_branch(self, branch: str, text: str, message: str) -> None:
        blob = self.git("hash-object", "-w", "--stdin", stdin=text)
        folder = self.git("mktree", stdin=f"100644 blob {blob}\timages.json\n")
        tree = self.git("mktree", stdin=f"040000 tree {folder}\tdeploy\n")
        tip = self.git("ls-remote", "origin", f"refs/heads/{branch}").partition("\t")[0]
        commit = self.git("commit-tree", tree, *(("-p", tip) if tip else ()), stdin=message)
        self.git("push", "--quiet", "origin", f"{commit}:refs/heads/{branch}")


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    root = tmp_path / "work"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git")], check=True)
    subprocess.run(
        ["git", "clone", "-q", str(tmp_path / "remote.git"), str(root)], check=True, capture_output=True
    )
    with serving() as registry:
        yield Place(root, registry, capsys)


def listed_in(filled: Filled, index: str) -> list[str]:
    manifest = json.loads(filled.server.manifests[f"{filled.name}@{index}"])
    return [one["digest"] for one in manifest["manifests"]]


def built(place: Place, version: str) -> str:
    tag = place.commit(version)
    place.filled("leaf").build(tag)
    return tag


@pytest.fixture
def old(place: Place) -> str:
    """The tag of a build whose release is the oldest of three."""
    tags = [built(place, version) for version in ("1.15.0", "1.16.0", "1.17.0")]
    for tag in tags:
        place.release(tag)
    return tags[0]


def test_only_what_no_kept_release_names_goes(place: Place, old: str) -> None:
    leaf = place.filled("leaf")
    before = leaf.tags()
    code, text = place("prune", "--keep-releases", "2")
    assert (code, leaf.tags()) == (0, before)
    assert "5 manifests would be deleted, which frees at most 2 kB; --delete deletes them" in text
    assert "  deletes  2 images of old keys, 1 signature or attestation, with 2 parts" in text
    assert "  frees    at most 2 kB" in text
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert (code, "5 of 5 manifests deleted" in text) == (0, True)
    assert old not in leaf.tags()
    assert leaf.digests() >= set(place.released[1:])
    assert place.released[0] not in leaf.digests()
    assert "nothing to delete" in place("prune", "--keep-releases", "2")[1]


def test_by_default_ten_releases_stay(place: Place, old: str) -> None:
    assert "nothing to delete" in place("prune")[1]
    place.commit("1.18.0", prune={"keep_releases": 1})
    assert "10 manifests would be deleted" in place("prune")[1]
    assert "nothing to delete" in place("prune", "--keep-releases", "3")[1]
    assert old in place.filled("leaf").tags()


def test_programs_read_it_as_json(place: Place, old: str) -> None:
    place.capture.readouterr()
    assert run(["-C", str(place.root), "prune", "--keep-releases", "2", "--format", "json"]) == 0
    whole = json.loads(place.capture.readouterr().out)
    found = whole["repositories"][place.filled("leaf").repository]
    assert whole["freed"] == found["freed"]
    assert whole["freed"]["bytes"] > 1000
    assert not whole["freed"]["exact"]
    gone = {tag for one in found["delete"] for tag in one["tags"]}
    assert {old, f"{old}-candidate"} <= gone
    assert {one["kind"] for one in found["delete"]} == {"old key", "signature"}
    assert {one["reason"] for one in found["keep"]} >= {"a key of the matrix"}


def test_a_rollback_by_hand_keeps_what_it_offers(place: Place, old: str) -> None:
    text = json.dumps(
        {"images": {LEAF: {"reference": f"x/y@{place.released[0]}", "digest": place.released[0]}}}
    )
    place.on_branch("release", text, "Back\n")
    assert "nothing to delete" in place("prune", "--keep-releases", "2")[1]
    assert old in place.filled("leaf").tags()


def test_a_rollback_while_it_deletes_keeps_what_is_left(
    place: Place, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The branches are looked at again after so many deletions."""
    delete = repositories.delete_manifest

    def and_roll_back(*arguments: Any) -> None:
        delete(*arguments)
        if len(calls := [one for one in place.registry.writes if one.startswith("DELETE")]) == 2:
            assert calls[0].endswith("0" * 64)  # asks whether the registry deletes at all
            place.on_branch("release", f"image: x/leaf@{place.released[0]}\n", "Back\n")

    monkeypatch.setattr(repositories, "delete_manifest", and_roll_back)
    monkeypatch.setattr("image_matrix.cli.prune_deletion.AT_ONCE", 1)
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert (code, "1 of 5 manifests deleted" in text) == (0, True)
    leaf, index = place.filled("leaf"), place.released[0]
    assert old not in leaf.tags()
    assert f"{index.replace(':', '-')}.sig" in leaf.tags()
    assert leaf.digests() >= {index, *listed_in(leaf, index)}


def test_every_file_of_deploy_counts(place: Place, old: str) -> None:
    """WorkspaceKinds go on naming images that running Workspaces have."""
    place.on_branch("release", f"image: x/leaf@{place.released[0]}\n", "By hand\n")
    assert "nothing to delete" in place("prune", "--keep-releases", "2")[1]
    assert old in place.filled("leaf").tags()


def test_images_that_the_matrix_no_longer_has(place: Place, old: str) -> None:
    """Releases say which repositories there were."""
    leaf = MATRIX["images"].pop("leaf")
    try:
        text = yaml.safe_dump({**MATRIX, "registry": f"{place.registry.host}/team"})
        (place.root / "matrix.yaml").write_text(text)
        place.git("commit", "--quiet", "--all", "--message", "Without it")
        place.git("push", "--quiet", "origin", "HEAD:main")
        assert "5 manifests would be deleted" in place("prune", "--keep-releases", "2")[1]
        assert old in place.filled("leaf").tags()
    finally:
        MATRIX["images"]["leaf"] = leaf


def test_a_key_that_only_the_default_branch_has_stays(place: Place, old: str) -> None:
    """The clone is behind: the images of the newest commit are being built."""
    tag = built(place, "1.18.0")
    place.git("reset", "--quiet", "--hard", "HEAD~1")
    place("prune", "--keep-releases", "2", "--delete")
    assert tag in place.filled("leaf").tags()
    assert old not in place.filled("leaf").tags()


def pull_request(number: int) -> dict[str, Any]:
    base = {"repo": {"full_name": "team/notebooks"}}
    return {"number": number, "head": {**base, "sha": f"{number}" * 40}, "base": base}


def test_images_of_open_pull_requests_stay(
    place: Place, old: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert old
    staging = place.filled("staging/leaf")
    opened, closed = (place.commit(version, f"refs/pull/{number}/merge") for number, version in PULLS.items())
    place.git("reset", "--quiet", "--hard", "origin/main")
    for tag in (opened, closed):
        staging.build(tag)
    staging.cache("cache-default-amd64")
    staging.image("somebody's", "mine")
    assert "note: images of pull requests stay: it is not known which" in place("prune", "--delete")[1]
    pulls = [pull_request(7)]
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/notebooks")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    with packages_of(place.registry, Behaviour(pulls=pulls)) as server:
        place.registry.behaviour.deletes = True
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        assert place("prune", "--delete")[0] == 0
        assert staging.tags() == {opened, f"{opened}-candidate", "cache-default-amd64", "mine"}
        server.behaviour.pulls = []
        assert place("prune", "--delete")[0] == 0
    assert staging.tags() == {"mine"}
    assert "| 1 image of pull requests, with 2 parts | " in (tmp_path / "summary").read_text()


@pytest.mark.parametrize("at", [1, 2], ids=["before it deletes", "while it deletes"])
def test_images_of_a_pull_request_that_is_reopened_meanwhile_stay(
    place: Place, old: str, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """No branch moves by that."""
    staging, looks = place.filled("staging/leaf"), []
    tags = sorted(place.commit(version, f"refs/pull/{number}/merge") for number, version in PULLS.items())
    place.git("reset", "--quiet", "--hard", "origin/main")
    for tag in tags:
        staging.build(tag)
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/notebooks")
    monkeypatch.setattr("image_matrix.cli.prune_deletion.AT_ONCE", 1)
    with packages_of(place.registry) as server:
        place.registry.behaviour.deletes = True
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        moved = Latest.moved

        def and_reopen(latest: Latest) -> bool:
            looks.append(1)
            if len(looks) == at:
                server.behaviour.pulls = [pull_request(number) for number in PULLS]
            return moved(latest)

        monkeypatch.setattr(Latest, "moved", and_reopen)
        assert place("prune", "--delete")[0] == 0
    first, second = tags
    assert old
    assert {one for one in tags if one in staging.tags()} == ({first, second} if at == 1 else {second})


def test_staging_stays_where_the_api_does_not_answer(
    place: Place, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert old
    place.filled("staging/leaf").build("default-0123456789ab-amd64")
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/notebooks")
    refused = Behaviour(refused={"GET": (403, "Resource not accessible by integration")})
    with packages_of(place.registry, refused) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        code, text = place("prune", "--format", "json")
    assert (code, "not accessible by integration" in text) == (0, True)
    assert "default-0123456789ab-amd64" in place.filled("staging/leaf").tags()


def test_a_repository_that_may_not_exist_is_left_alone(place: Place, old: str) -> None:
    """Quay denies access to what does not exist."""
    denied = {"GET /v2/team/staging/base/tags/list": 403, "GET /v2/team/base/tags/list": 403}
    place.registry.behaviour = Registry(refused=denied)
    code, text = place("prune", "--keep-releases", "2")
    assert (code, "5 manifests would be deleted" in text) == (0, True)
    assert "left alone: " in text
    assert "not for you; check the name of the registry, the network and the login\n" in text
    place.registry.behaviour = Registry(refused={"GET /v2/team/leaf/tags/list": 403})
    assert place("prune", "--keep-releases", "2")[0] == 3  # the others have nothing
    place.registry.behaviour = Registry(refused={"GET": 403})
    code, text = place("prune", "--keep-releases", "2")
    assert (code, "denies access: not for you" in text) == (3, True)
    assert old in place.filled("leaf").tags()


@pytest.mark.parametrize("option", ["--dry-run", "--delete"])
def test_a_repository_that_cannot_be_read_stops_no_other(
    place: Place, old: str, option: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither before anything is deleted: the plan of the others is whole."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    place.filled("base").cache("cache-gone-amd64")
    place.registry.behaviour = Registry(refused={"GET /v2/team/base/tags/list": 418})
    code, text = place("prune", "--keep-releases", "2", option)
    deleted = option == "--delete"
    assert (code, ("5 of 5 manifests deleted" if deleted else "5 manifests would be deleted") in text) == (
        3,
        True,
    )
    assert f"error: stopped in {place.registry.host}/team/base: " in text
    assert "stopped in " in (tmp_path / "summary").read_text()
    assert (old in place.filled("leaf").tags()) is not deleted
    assert "cache-gone-amd64" in place.filled("base").tags()


def test_where_no_repository_can_be_read_nothing_is_planned(place: Place, old: str) -> None:
    place.registry.behaviour = Registry(refused={"GET": 418})
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert (code, "nothing to delete" in text, "HTTP 418" in text) == (3, False, True)
    assert old in place.filled("leaf").tags()


def test_a_repository_that_hides_what_is_attached_is_left_alone(place: Place, old: str) -> None:
    leaf = place.filled("leaf")
    hidden = f"GET /v2/{leaf.name}/referrers/{place.registry.tags[f'{leaf.name}:{old}']}"
    place.registry.behaviour = Registry(refused={hidden: 403}, lists_referrers=True)
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert (code, "denies access: not for you" in text) == (3, True)
    place.filled("base").image("somebody's", "mine")
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert (code, "left alone: " in text) == (0, True)
    assert old in leaf.tags()


def test_a_registry_that_deletes_nothing(place: Place, old: str) -> None:
    place.registry.behaviour.deletes = False
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert (code, "does not delete images (HTTP 405)" in text) == (3, True)
    assert old in place.filled("leaf").tags()
    assert not [one for one in place.registry.writes if one.startswith("PUT")]


def test_what_the_registry_refuses_is_said_and_the_rest_goes(place: Place, old: str) -> None:
    leaf = place.filled("leaf")
    build = place.registry.tags[f"{leaf.name}:{old}"]
    place.registry.behaviour = Registry(refused={f"DELETE /v2/{leaf.name}/manifests/{build}": 403})
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert code == 3
    assert "error: 1 manifest could not be deleted: " in text
    assert "not for you" in text
    assert build in leaf.digests()
    assert place.released[0] not in leaf.digests()


def test_an_answer_that_fails_in_between_ends_with_a_count_and_a_summary(
    place: Place, old: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The others go on."""
    place.filled("base").cache("cache-gone-amd64")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    moved, refused = Latest.moved, {"GET /v2/team/leaf/tags/list": 403}

    def and_refuse(latest: Latest) -> bool:
        place.registry.behaviour = Registry(refused=refused)
        return moved(latest)

    monkeypatch.setattr(Latest, "moved", and_refuse)
    code, text = place("prune", "--keep-releases", "2", "--delete")
    assert (code, "1 of 6 manifests deleted\n" in text) == (3, True)
    assert "error: stopped in 127.0.0.1" in text
    assert "help: check the name of the registry, the network and the login; what is left is whole" in text
    assert old in place.filled("leaf").tags()
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("## Prune\n\n1 of 6 manifests deleted.\n\n- stopped in 127")
    assert "not for you" in summary


def test_a_released_index_that_is_refused_keeps_images_and_signature(place: Place, old: str) -> None:
    """Also in the runs after that, for which the first one has given tags to its parts."""
    leaf, index = place.filled("leaf"), place.released[0]
    refused = {f"DELETE /v2/{leaf.name}/manifests/{index}": 403}
    whole = {
        index,
        *listed_in(leaf, index),
        place.registry.tags[f"{leaf.name}:{index.replace(':', '-')}.sig"],
    }
    place.registry.behaviour = Registry(refused=refused)
    for deleted in ("1 of 5", "0 of 4"):
        code, text = place("prune", "--keep-releases", "2", "--delete")
        assert (code, f"{deleted} manifests deleted\n" in text) == (3, True)
        assert "note: what was not deleted keeps 3 more manifests: its images and signatures" in text
        assert leaf.digests() >= whole
    assert old not in leaf.tags()
    place.registry.behaviour = Registry()
    assert place("prune", "--keep-releases", "2", "--delete")[0] == 0
    assert not leaf.digests() & whole


@pytest.mark.parametrize(
    ("branch", "problem", "remedy"),
    [
        ("release", "origin has no branch release", "prune after the first release"),
        ("main", "origin has no branch main", "workflow: {default_branch: NAME}"),
    ],
)
def test_nothing_goes_where_it_is_not_known_what_must_stay(
    place: Place, old: str, branch: str, problem: str, remedy: str
) -> None:
    subprocess.run(
        ["git", "-C", str(place.root.parent / "remote.git"), "update-ref", "-d", f"refs/heads/{branch}"],
        check=True,
    )
    code, text = place("prune", "--delete", "--older", "0")
    assert code == 1
    assert problem in text
    assert remedy in text
    assert old in place.filled("leaf").tags()


def test_a_default_branch_that_is_not_valid(place: Place, old: str) -> None:
    good = (place.root / "matrix.yaml").read_text()
    (place.root / "matrix.yaml").write_text(f"{good}nonsense: 1\n")
    place.git("commit", "--quiet", "--all", "--message", "Broken")
    place.git("push", "--quiet", "origin", "HEAD:main")
    (place.root / "matrix.yaml").write_text(good)
    code, text = place("prune", "--delete")
    assert (code, "main has no valid matrix.yaml" in text) == (1, True)
    assert old in place.filled("leaf").tags()


def test_ghcr_needs_a_token(place: Place) -> None:
    matrix = {**MATRIX, "registry": "ghcr.io/team"}
    (place.root / "matrix.yaml").write_text(yaml.safe_dump(matrix))
    code, text = place("prune")
    assert (code, "GITHUB_TOKEN is not set" in text, "delete:packages" in text) == (2, True, True)
