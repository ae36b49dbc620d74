"""Flux takes our releases from a registry, verified with a key: the files of docs/flux.md, "Follow a registry".

cosign is the one that the workflow installs. The tests build on each other, as days of a cluster do.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.config.release import Signing
from image_matrix.github.branch_commit import Git
from image_matrix.github.commit_files import files_at
from image_matrix.output_tree.files import File
from image_matrix.project.inputs import read_inputs
from image_matrix.publish.artifact import artifact_of, origin_of
from image_matrix.publish.claims import ARTIFACT
from image_matrix.publish.signing import sign
from tests.cluster.kube import condition, until
from tests.cluster.place import KUSTOMIZATION, OCI, SYSTEM, Place, documented, place_in, profiles
from tests.cluster.sites import of_teaching, two_sites
from tests.e2e import sigstore
from tests.e2e.proofs import accept_all
from tests.e2e.tiny_images import MANIFEST, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.kube import Cluster, Object
    from tests.e2e.sigstore import Authority

pytestmark = pytest.mark.cluster
SIGN = {"key": "env://SIGNING_KEY", "public_key": "cosign.pub", "public_log": False}
TEAM = Signing(key="env://SIGNING_KEY", public_key="cosign.pub", public_log=False)
SOURCE = "notebook-images"
HUB = ("Namespace", "HelmRepository", "HelmRelease")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """The team's key, and cosign on PATH, which finds the key in the environment."""
    made = sigstore.authority(tmp_path_factory.mktemp("team"), sigstore.installed(sigstore.PINNED))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{made.cosign.parent}:{os.environ['PATH']}")
        environment.setenv("COSIGN_PASSWORD", sigstore.PASSWORD)
        environment.setenv("SIGNING_KEY", made.key.read_text(encoding="utf-8"))
        yield made


@pytest.fixture(scope="module")
def place(
    flux: Cluster, address: str, registry: str, team: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A repository whose releases are signed, and pushed to the registry; a cluster that has its key."""
    matrix = two_sites({"artifact": "deploy", "sign": SIGN, "scan": "none"})
    folder = tmp_path_factory.mktemp("artifact")
    with place_in(flux, folder, address, registry, matrix, team.public_key) as made:
        yield made
        (secret,) = kinds("Secret")
        flux.delete_all([secret])


def kinds(*wanted: str) -> list[Object]:
    """Return what the page has of some kinds for those who follow a registry: of the sources, that with a key."""
    pages = [item for item in documented("Add three files") if item["kind"] in HUB]
    every = [*pages, *documented("Follow a registry")]
    by_key = [item for item in every if "matchOIDCIdentity" not in item.get("spec", {}).get("verify", {})]
    return [item for item in by_key if item["kind"] in wanted]


def network_files(team: Authority) -> list[Object]:
    """Return the files of the first site, with the team's key."""
    made = kinds(*HUB, "Secret", "OCIRepository", "Kustomization")
    for item in made:
        if item["kind"] == "Secret":
            item["stringData"] = {"cosign.pub": team.public_key.read_text(encoding="utf-8")}
    return made


def follow(place: Place, ref: dict[str, str]) -> None:
    """Change what the source follows."""
    (source,) = kinds("OCIRepository")
    source["spec"]["ref"] = ref
    place.follow([source])


def release(place: Place, *images: str) -> str:
    """Release another build of some images, signed as tested; return the commit."""
    place.notebooks.build(*images)
    accept_all(state_of(load_project(read_inputs(place.notebooks.root))))
    place.notebooks.commit("Another build")
    return place.notebooks.release()


def takes(place: Place, commit: str) -> list[Any]:
    """Flux takes a commit of the release branch from the registry; return what the hub then offers."""
    place.fetch(commit, SOURCE, OCI)
    offered = profiles(place)
    place.offers(offered, seconds=60)
    return offered


def test_a_signed_release_is_pulled_offered_and_installed(place: Place, team: Authority) -> None:
    place.follow(network_files(team))
    commit = release(place)
    takes(place, commit)
    source = place.cluster.get(OCI, SOURCE, SYSTEM)
    assert condition(source, "SourceVerified")["status"] == "True"
    pulled = condition(place.applied(commit, "notebook-prepull"))
    place.applied(commit, "notebook-profiles")
    shown = place.cluster.get("configmap", "image-matrix-profiles", "jupyterhub")
    assert shown is not None
    assert pulled["lastTransitionTime"] <= shown["metadata"]["creationTimestamp"]


def test_a_new_release_is_taken_by_the_tag_of_its_branch(place: Place) -> None:
    before = profiles(place)
    assert takes(place, release(place, "science")) != before


def test_a_rollback_is_taken_when_the_workflow_has_pushed_it(place: Place) -> None:
    bad = profiles(place)
    back = place.notebooks.revert()
    place.fetch(place.notebooks.git("rev-parse", f"{back}^"), SOURCE, OCI)
    assert place.notebooks.release() == back
    assert takes(place, back) != bad


def numbers(version: str) -> list[int]:
    """Return the parts of a version, by which September comes before October."""
    return [int(part) for part in version.split(".")]


def test_a_range_takes_the_newest_version_and_no_rollback(place: Place) -> None:
    tags = place.notebooks.git("ls-remote", "--tags", "origin").split("refs/tags/")[1:]
    oldest, newest = sorted((tag.split()[0] for tag in tags), key=numbers)
    follow(place, {"semver": f">={oldest}"})
    taken_back = place.notebooks.git("rev-parse", f"{place.notebooks.head('release')}^")
    place.fetch(taken_back, SOURCE, OCI)
    takes(place, release(place, "lab"))
    follow(place, {"semver": f">={newest} <={newest}"})
    place.fetch(taken_back, SOURCE, OCI)
    follow(place, {"tag": "release"})
    takes(place, place.notebooks.head("release"))


def promote(place: Place) -> list[Any]:
    """Promote the newest release; Flux takes it for the second site. Return what that one then offers."""
    place.notebooks.must("promote", "--to", "stable")
    place.fetch(place.notebooks.head("release"), f"{SOURCE}-teaching", OCI)
    offered = profiles(place, "teaching", "stable")
    place.offers(offered, "teaching")
    return offered


def test_a_channel_has_what_was_promoted(place: Place) -> None:
    place.notebooks.must("promote", "--to", "stable")
    files = of_teaching(kinds(*HUB, "OCIRepository", "Kustomization"))
    for item in files:
        if item["kind"] == "OCIRepository":
            item["spec"]["ref"] = {"tag": "stable"}
    place.follow(files)
    promoted, first = place.notebooks.head("release"), promote(place)
    assert [item["slug"] for item in first] == ["lab", "science", "course"]
    takes(place, release(place, "science"))
    place.fetch(promoted, f"{SOURCE}-teaching", OCI)
    assert place.hub("teaching")["singleuser"]["profileList"] == first
    assert promote(place) != first


def forged(place: Place, name: str) -> tuple[Repository, str]:
    """Push an artifact that offers a profile under another name; return its repository and digest."""
    git = Git(place.notebooks.root, os.environ)
    place.notebooks.git("fetch", "--quiet", "origin", "release")
    files = {
        path: File(file.content.replace(b"display_name: Lab\n", f"display_name: {name}\n".encode()))
        for path, file in files_at(git, "FETCH_HEAD", "deploy").items()
    }
    made = artifact_of(files, origin_of("", "release", "f" * 40, "2026-11-30T00:00:00+00:00"))
    deploy = Repository(f"{place.notebooks.registry}/{place.notebooks.path}/deploy")
    for blob in made.blobs:
        deploy.blob(blob)
    deploy.write(made.manifest, MANIFEST, made.digest)
    deploy.point("release", made.digest)
    return deploy, made.digest


def refused(place: Place) -> None:
    """Flux looks at what the tag points to, and takes it not."""
    before = place.cluster.get(OCI, SOURCE, SYSTEM)
    after = place.reconcile(OCI, SOURCE)
    said = condition(after, "SourceVerified")
    assert said.get("status") == "False", said or after["status"]
    assert said["reason"] == "VerificationError"
    assert "no matching signatures were found" in said["message"]
    assert before is not None
    assert after["status"]["artifact"] == before["status"]["artifact"]
    place.reconcile(KUSTOMIZATION, "notebook-profiles")


def first_name(place: Place) -> str:
    """Return the name of the first profile of the hub."""
    return str(place.hub()["singleuser"]["profileList"][0]["display_name"])


def test_what_the_team_has_not_signed_changes_nothing(place: Place, team: Authority, tmp_path: Path) -> None:
    shown = place.listed()
    deploy, digest = forged(place, "Forged")
    refused(place)
    theirs = sigstore.authority(tmp_path / "theirs", team.cosign)
    sign(replace(TEAM, key=str(theirs.key)), deploy.at(digest), ARTIFACT, "manifest")
    refused(place)
    assert place.listed() == shown
    assert first_name(place) == "Lab"
    sign(TEAM, deploy.at(digest), ARTIFACT, "manifest")
    place.fetch("f" * 40, SOURCE, OCI)
    until(lambda: first_name(place) == "Forged", lambda: place.state("jupyterhub"))


def test_signatures_of_the_older_format_count_whatever_they_claim(place: Place) -> None:
    """Flux verifies who has signed a digest, and no annotation."""
    deploy, digest = forged(place, "Older")
    refused(place)
    sign(replace(TEAM, format="legacy"), deploy.at(digest), {"image-matrix.step": "tested"}, "manifest")
    place.fetch("f" * 40, SOURCE, OCI)
    until(lambda: first_name(place) == "Older", lambda: place.state("jupyterhub"))


def test_the_next_release_points_the_tag_to_its_own(place: Place) -> None:
    takes(place, place.notebooks.release())
    assert first_name(place) == "Lab"
