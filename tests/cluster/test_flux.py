"""Flux' own controllers take our releases, with the files of docs/flux.md, in which only addresses are replaced.

The tests build on each other, as days of a cluster do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.kube import Cluster, Object, condition, until
from tests.cluster.place import GIT, KUSTOMIZATION, SYSTEM, Place, documented, place_in, profiles
from tests.cluster.sites import of_teaching, two_sites
from tests.e2e.tiny_images import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def place(
    flux: Cluster, address: str, registry: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    matrix = two_sites({"sign": "none"})
    with place_in(flux, tmp_path_factory.mktemp("flux"), address, registry, matrix) as made:
        yield made


def test_the_files_can_be_added_before_the_first_release(place: Place) -> None:
    place.follow(documented("Add three files"))

    def refused() -> Object | None:
        said = condition(place.cluster.get(GIT, "notebook-images", SYSTEM))
        return said if said.get("status") == "False" else None

    said = until(refused, lambda: place.state("jupyterhub"))
    assert "couldn't find remote ref" in said["message"]

    def waits() -> bool:
        return (
            condition(place.cluster.get("helmrelease", "jupyterhub", "jupyterhub")).get("reason")
            == "ValuesError"
        )

    until(waits, lambda: place.state("jupyterhub"))
    assert place.hub() == {}


def test_a_release_is_pulled_offered_and_installed(place: Place) -> None:
    place.notebooks.build()
    commit = place.notebooks.release()
    place.fetch(commit)
    offered = profiles(place)
    assert [item["slug"] for item in offered] == ["lab", "science"]
    assert all("@sha256:" in str(item) for item in offered)
    place.offers(offered)
    values = place.hub()
    assert values["singleuser"]["startTimeout"] == 1200
    assert values["prePuller"]["hook"]["enabled"] is False
    assert values["prePuller"]["pullProfileListImages"] is False
    pulled = condition(place.applied(commit, "notebook-prepull"))
    shown = place.cluster.get("configmap", "image-matrix-profiles", "jupyterhub")
    assert shown is not None
    assert pulled["lastTransitionTime"] <= shown["metadata"]["creationTimestamp"]
    assert (
        condition(place.cluster.get("helmrelease", "jupyterhub", "jupyterhub"))["reason"]
        == "InstallSucceeded"
    )


def change(place: Place) -> str:
    """Release another build of the last image; return the commit."""
    place.notebooks.build("science")
    place.notebooks.commit("Another build")
    return place.notebooks.release()


def test_a_new_image_reaches_the_hub_by_the_label_of_the_config_map(place: Place) -> None:
    """Nobody asks helm-controller, which looks by itself every 15 minutes."""
    before = profiles(place)
    place.fetch(change(place))
    after = profiles(place)
    assert after != before
    place.offers(after, seconds=60)


def test_a_revert_on_the_branch_takes_it_back(place: Place) -> None:
    bad, good = profiles(place), place.notebooks.git("rev-parse", "HEAD~1")
    assert good
    commit = place.notebooks.revert()
    assert profiles(place) != bad
    place.fetch(commit)
    place.offers(profiles(place), seconds=60)


@pytest.mark.usefixtures("node")
def test_what_cannot_be_pulled_is_not_offered(place: Place) -> None:
    """The Kustomization of the profiles waits for that of the DaemonSets, and that one for their pods."""
    good, shown = profiles(place), place.listed()
    commit = change(place)
    reference = place.notebooks.images()["science:default"]["reference"]
    Repository(reference.rpartition(":")[0].rpartition(":")[0]).delete(reference.rpartition("@")[2])
    place.fetch(commit)
    until(place.pull_errors, lambda: place.state("jupyterhub"))
    place.reconcile(KUSTOMIZATION, "notebook-profiles")
    assert place.listed() == shown
    assert place.hub()["singleuser"]["profileList"] == good != profiles(place)
    back = place.notebooks.revert()
    place.fetch(back)
    place.applied(back, "notebook-profiles")
    assert place.hub()["singleuser"]["profileList"] == good == profiles(place)


def test_a_branch_that_cannot_be_built_changes_nothing(place: Place) -> None:
    """An edit by hand that breaks a folder, as one that names a file that is not there."""
    good, shown = profiles(place), place.listed()
    values = place.notebooks.root / "deploy" / "hub" / "jupyterhub"
    with place.notebooks.on_branch("release"):
        text = (values / "configmap.yaml").read_text(encoding="utf-8")
        (values / "configmap.yaml").write_text(text.replace("Lab", "Broken"), encoding="utf-8")
        (values / "kustomization.yaml").write_text(
            "resources: [configmap.yaml, gone.yaml]\n", encoding="utf-8"
        )
        place.notebooks.git("commit", "--quiet", "--all", "--message", "Break the folder")
    place.fetch(place.notebooks.head("release"))

    def refused() -> Object | None:
        said = condition(place.cluster.get(KUSTOMIZATION, "notebook-profiles", SYSTEM))
        return said if said.get("reason") == "BuildFailed" else None

    assert "gone.yaml" in until(refused, lambda: place.state("jupyterhub"))["message"]
    assert place.listed() == shown
    assert place.hub()["singleuser"]["profileList"] == good
    commit = place.notebooks.revert()
    place.fetch(commit)
    place.applied(commit, "notebook-profiles")
    assert place.hub()["singleuser"]["profileList"] == good


def test_flux_restores_what_somebody_changed_by_hand(place: Place) -> None:
    before = place.cluster.get("configmap", "hub", "jupyterhub")
    assert before is not None
    changed = '{"data": {"jupyterhub_config.py": "c.JupyterHub.ip = None"}}'
    done = place.cluster.kubectl("patch", "configmap", "hub", "--namespace=jupyterhub", f"--patch={changed}")
    assert done.returncode == 0, done.stderr
    place.reconcile("helmrelease", "jupyterhub", "jupyterhub")

    def restored() -> bool:
        found = place.cluster.get("configmap", "hub", "jupyterhub")
        return found is not None and found["data"] == before["data"]

    until(restored, lambda: place.state("jupyterhub"))


def test_a_secret_that_somebody_changed_is_restored_when_it_is_deleted(place: Place) -> None:
    """helm-controller 1.6 finds it and cannot patch it: its difference has the values masked."""
    good = profiles(place)
    emptied = '{"stringData": {"values.yaml": "{singleuser: {profileList: []}}"}}'
    done = place.cluster.kubectl("patch", "secret", "hub", "--namespace=jupyterhub", f"--patch={emptied}")
    assert done.returncode == 0, done.stderr
    place.reconcile("helmrelease", "jupyterhub", "jupyterhub")

    def drifted() -> bool:
        release = place.cluster.get("helmrelease", "jupyterhub", "jupyterhub")
        return "Secret/jupyterhub/hub changed" in condition(release, "Drifted").get("message", "")

    until(drifted, lambda: place.state("jupyterhub"))
    place.cluster.delete("secret", "hub", namespace="jupyterhub")
    place.reconcile("helmrelease", "jupyterhub", "jupyterhub")
    place.offers(good, seconds=60)


def second_site() -> list[Object]:
    """The files of another site that follows a channel, made from the documented ones as the page says."""
    _, *rest = documented("Add three files")
    return of_teaching([documented("Follow a channel, or versions")[0], *rest])


def test_a_second_site_follows_what_is_promoted(place: Place) -> None:
    place.fetch(change(place))
    place.notebooks.must("promote", "--to", "stable")
    place.follow(second_site())
    first = profiles(place, "teaching", "stable")
    assert [item["slug"] for item in first] == ["lab", "science", "course"]
    place.offers(first, "teaching")
    place.fetch(change(place))
    newer = profiles(place)
    place.offers(newer)
    place.fetch(place.notebooks.head("stable"), "notebook-images-teaching")
    assert place.hub("teaching")["singleuser"]["profileList"] == first != newer
    place.notebooks.must("promote", "--to", "stable")
    place.fetch(place.notebooks.head("stable"), "notebook-images-teaching")
    place.offers(profiles(place, "teaching", "stable"), "teaching", seconds=60)
    assert place.hub("teaching")["singleuser"]["profileList"] != first
