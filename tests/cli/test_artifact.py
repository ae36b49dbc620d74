"""The artifact of a release in a registry: what is pushed and signed, which tags move, when, and when not."""

from __future__ import annotations

import io
import json
import os
import tarfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from image_matrix.cli import cli, run
from image_matrix.cli.artifact import write_artifact
from image_matrix.cli.branch_push import publish
from image_matrix.cli.branch_update import prepare
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.cli.session import Session
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.project.inputs import read_inputs
from image_matrix.registry.reference import digest_of
from tests.cli.release_place import BAD, DAY, GOOD, NEXT, Place, place, project, state
from tests.registry.writable import Writable, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


__all__ = ["place", "project", "state"]
pytestmark = pytest.mark.slow
FIRST, SECOND = "2026.1129.1", "2026.1129.2"
COSIGN = """#!/bin/sh
for image; do :; done
[ "$image" = --help ] && exit
case "$1" in
sign) [ -e {folder}/refuses ] && {{ echo "no key" >&2; exit 1; }}; echo "$image" >> {folder}/signed ;;
verify) grep -qxF "$image" {folder}/signed 2> /dev/null ;;
esac
"""


@dataclass
class Releases:
    """A repository whose releases have artifacts, in a registry of its own."""

    place: Place
    server: Writable
    folder: Path

    @property
    def repository(self) -> str:
        return f"{self.server.host}/team/deploy"

    def release(self, digest: str) -> str | None:
        """Release, as the command does; return the newest commit of the branch."""
        place = self.place
        session = Session(place.git.root, "matrix.yaml", ())
        every = dict.fromkeys(place.state.loaded.variants, digest)
        update = publish(
            session, place.git, prepare(session, place.state, place.git, every, place.registry), DAY
        )
        with click.Context(cli, obj=session):
            write_artifact(session, place.state.loaded, place.git, update)
        return update.commit or update.branch.now

    def manifest(self, tag: str) -> dict[str, Any]:
        digest = self.server.tags[f"team/deploy:{tag}"]
        content: dict[str, Any] = json.loads(self.server.manifests[f"team/deploy@{digest}"])
        return content

    def unpacked(self, tag: str) -> dict[str, bytes]:
        (layer,) = self.manifest(tag)["layers"]
        with tarfile.open(fileobj=io.BytesIO(self.server.blobs[f"team/deploy@{layer['digest']}"])) as tar:
            files = {item.name: tar.extractfile(item) for item in tar if item.isfile()}
            return {name: stream.read() for name, stream in files.items() if stream}

    def tags(self) -> dict[str, str]:
        return {name.removeprefix("team/deploy:"): digest for name, digest in self.server.tags.items()}

    def signed(self) -> list[str]:
        file = self.folder / "signed"
        return file.read_text().splitlines() if file.exists() else []

    def promote(self, *arguments: str) -> tuple[int, str]:
        self.place.capture.readouterr()
        code = run(["-C", str(self.place.git.root), "promote", *arguments, "--to", "stable"])
        shown = self.place.capture.readouterr()
        return code, f"{shown.out}{shown.err}"


@pytest.fixture
def releases(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releases]:
    """Signed with a key, by a stand-in that notes what it signs."""
    (tmp_path / "cosign").write_text(COSIGN.format(folder=tmp_path))
    (tmp_path / "cosign").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    root = place.git.root
    with serving() as server:
        matrix = yaml.safe_load((root / "matrix.yaml").read_text())
        sign = {"key": "env://KEY", "public_key": "cosign.pub", "public_log": False}
        matrix |= {
            "registry": f"{server.host}/team",
            "release": {**matrix.get("release", {}), "artifact": "deploy", "sign": sign},
        }
        (root / "matrix.yaml").write_text(yaml.safe_dump(matrix, sort_keys=False))
        (root / "cosign.pub").write_text("-----BEGIN PUBLIC KEY-----\n")
        place.git("add", "--all")
        place.commit("With an artifact")
        for image in ("base", "lab", "science"):
            server.keep(f"team/{image}", GOOD, BAD, NEXT)
        state = state_of(load_project(read_inputs(root)))
        yield Releases(replace(place, state=state), server, tmp_path)


def committed(releases: Releases) -> dict[str, bytes]:
    """What is in deploy/ of the release branch."""
    git = releases.place.git
    paths = git("ls-tree", "-r", "--name-only", "FETCH_HEAD:deploy").splitlines()
    return {path: git.output("show", f"FETCH_HEAD:deploy/{path}") for path in paths}


def test_a_release_pushes_deploy_signed_under_its_version_and_its_branch(releases: Releases) -> None:
    commit = releases.release(GOOD)
    digest = releases.tags()[FIRST]
    assert releases.tags() == {FIRST: digest, "release": digest}
    assert releases.signed() == [f"{releases.repository}@{digest}"]
    assert (
        releases.manifest(FIRST)["annotations"]["org.opencontainers.image.revision"]
        == f"release@sha1:{commit}"
    )
    releases.place.git("fetch", "--quiet", "origin", "release")
    assert releases.unpacked(FIRST) == committed(releases)
    assert len(committed(releases)) > 3


def test_a_release_without_changes_pushes_and_signs_nothing(releases: Releases) -> None:
    releases.release(GOOD)
    before, signed = [*releases.server.writes], releases.signed()
    releases.release(GOOD)
    assert releases.server.writes == before
    assert releases.signed() == signed


def test_another_release_leaves_the_version_of_the_first(releases: Releases) -> None:
    releases.release(GOOD)
    first = releases.tags()[FIRST]
    releases.release(BAD)
    assert releases.tags() == {
        FIRST: first,
        SECOND: releases.tags()["release"],
        "release": releases.tags()[SECOND],
    }
    assert first != releases.tags()["release"]


def test_no_tag_moves_before_the_signature(releases: Releases) -> None:
    releases.release(GOOD)
    before = releases.tags()
    (releases.folder / "refuses").touch()
    with pytest.raises(Failure, match="could not be signed: no key"):
        releases.release(BAD)
    assert releases.tags() == before
    (releases.folder / "refuses").unlink()
    releases.release(BAD)
    assert releases.tags()["release"] == releases.tags()[SECOND] != before["release"]


@pytest.mark.parametrize(
    "refused", ["POST blobs/uploads/", f"PUT manifests/{SECOND}", "PUT manifests/release"]
)
def test_what_the_registry_refused_is_written_by_the_next_release(releases: Releases, refused: str) -> None:
    releases.release(GOOD)
    before = releases.tags()["release"]
    releases.server.behaviour.refused = {refused.replace(" ", " /v2/team/deploy/"): 403}
    with pytest.raises(EnvironmentFailure, match=r"team/deploy.* could not be written: .*not for you"):
        releases.release(BAD)
    assert releases.tags()["release"] == before
    releases.server.behaviour.refused = {}
    releases.release(BAD)
    assert releases.tags()["release"] == releases.tags()[SECOND] != before


def test_an_artifact_of_somebody_else_is_replaced_and_never_signed(releases: Releases) -> None:
    releases.release(GOOD)
    good = releases.tags()["release"]
    forged = json.loads(releases.server.manifests[f"team/deploy@{good}"])
    forged["annotations"]["org.opencontainers.image.created"] = "2020-01-01T00:00:00Z"
    content = json.dumps(forged).encode()
    digest = digest_of(content)
    releases.server.manifests[f"team/deploy@{digest}"] = content
    for tag in (FIRST, "release"):
        releases.server.tags[f"team/deploy:{tag}"] = digest
    releases.release(GOOD)
    assert releases.tags() == {FIRST: good, "release": good}
    assert f"{releases.repository}@{digest}" not in releases.signed()


def test_a_rollback_by_hand_moves_the_tag_of_the_branch_alone(releases: Releases) -> None:
    releases.release(GOOD)
    first = releases.unpacked(FIRST)
    releases.release(BAD)
    second = releases.tags()[SECOND]
    releases.place.take_back()
    releases.release(BAD)
    assert releases.tags()[SECOND] == second != releases.tags()["release"]
    assert releases.unpacked("release") == first


def test_a_promotion_moves_the_tag_of_the_channel(releases: Releases) -> None:
    releases.release(GOOD)
    releases.release(BAD)
    code, shown = releases.promote(FIRST)
    assert code == 0, shown
    assert releases.tags()["stable"] == releases.tags()[FIRST]
    assert releases.promote(SECOND)[0] == 0
    assert releases.tags()["stable"] == releases.tags()[SECOND]
    del releases.server.tags["team/deploy:stable"]
    assert "already" in releases.promote(SECOND)[1]
    assert releases.tags()["stable"] == releases.tags()[SECOND]
    before = [*releases.server.writes]
    releases.promote(SECOND)
    releases.promote(FIRST, "--dry-run")
    assert releases.server.writes == before


def test_a_release_whose_artifact_is_missing_or_of_another_commit_is_not_promoted(releases: Releases) -> None:
    releases.release(GOOD)
    releases.release(BAD)
    releases.server.tags[f"team/deploy:{FIRST}"] = releases.tags()[SECOND]
    code, shown = releases.promote(FIRST)
    assert code == 1
    assert "is not the artifact of the commit" in shown
    del releases.server.tags[f"team/deploy:{FIRST}"]
    code, shown = releases.promote(FIRST)
    assert code == 1
    assert f"the release {FIRST} has no artifact" in shown
    assert releases.place.git("ls-remote", "--heads", "origin", "stable") == ""


def test_a_matrix_without_artifacts_asks_no_registry(releases: Releases) -> None:
    loaded = releases.place.state.loaded
    release = replace(loaded.matrix.release, artifact=None)
    state = replace(
        releases.place.state, loaded=replace(loaded, matrix=replace(loaded.matrix, release=release))
    )
    releases.place.state = state
    releases.release(NEXT)
    assert releases.server.writes == []


def test_a_release_whose_artifact_nobody_signed_is_not_promoted(releases: Releases) -> None:
    """Whoever may push to the registry can write an artifact with the annotations of ours."""
    releases.release(GOOD)
    (releases.folder / "signed").write_text("")
    code, shown = releases.promote(FIRST)
    assert code == 1
    assert f"deploy:{FIRST}: it has no valid signature" in shown
    assert "stable" not in releases.tags()
