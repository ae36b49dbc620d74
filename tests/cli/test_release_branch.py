"""The release branch of a bare repository: what a release writes to it, what it keeps, when it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.cli.release_branch import check_last_release
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.project.inputs import read_inputs
from tests import yaml_files
from tests.cli.release_place import (
    BAD,
    GOOD,
    INDEXES,
    LAB,
    MATRIX,
    NEXT,
    SCIENCE,
    Place,
    place,
    project,
    state,
)
from tests.publish.states import answering

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["place", "project", "state"]


def test_an_entry_names_the_image_that_was_released_before(place: Place) -> None:
    place.release()
    assert "previous" not in place.offered()[SCIENCE]
    place.commit("Newer")
    place.release(science=NEXT)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{GOOD}")
    assert "previous" not in place.offered()[LAB]
    place.commit("Nothing new")
    place.release(science=NEXT)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{GOOD}")
    place.commit("Newest")
    place.release(science=BAD)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{NEXT}")


def test_a_profile_offers_the_previous_release(place: Place, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    more = "  before: {display_name: Before, images: {before: {image: science, release: previous}}, sizes: [small]}\n"
    text = MATRIX.read_text().replace("workflow:", f"{more}workflow:")
    (tmp_path / "other" / "matrix.yaml").write_text(text)
    place.state = state_of(load_project(read_inputs(tmp_path / "other")))

    def images() -> dict[str, str]:
        listed = yaml_files.load(place.shown("deploy/hub/jupyterhub/values.yaml"))["singleuser"][
            "profileList"
        ]
        return {item["slug"]: item["kubespawner_override"]["image"] for item in listed}

    place.release()
    assert images()["before"] == images()["science"]
    place.commit("Newer")
    place.release(science=NEXT)
    assert images()["before"].endswith(f"@{GOOD}")
    assert images()["science"].endswith(f"@{NEXT}")


@pytest.mark.slow
def test_every_release_replaces_deploy(place: Place) -> None:
    head = place.git("rev-parse", "HEAD")
    assert "3 of 3 released" in place.release()
    assert f"science:{place.state.keys[SCIENCE].tag}@{GOOD}\n" in place.shown(
        "deploy/hub/jupyterhub/values.yaml"
    )
    place.commit("An edit")
    assert f"{SCIENCE} {BAD}\n1 of 3 released" in place.release(science=BAD)
    assert BAD in place.shown("deploy/hub/jupyterhub/values.yaml")
    place.commit("A revert")
    assert f"{SCIENCE} {GOOD}\n1 of 3 released" in place.release()
    assert BAD not in place.shown("deploy/hub/jupyterhub/values.yaml")
    assert place.git("status", "--porcelain") == ""
    assert f"Source-Commit: {head}" in place.git("log", "--format=%B", place.tip())


HELD = {SCIENCE: "linux/amd64: not built and tested"}


def values(place: Place) -> list[dict[str, Any]]:
    text = place.shown("deploy/hub/jupyterhub/values.yaml")
    profiles: list[dict[str, Any]] = yaml_files.load(text)["singleuser"]["profileList"]
    return profiles


def test_what_is_held_back_stays_as_it_was_released(place: Place) -> None:
    place.release()
    place.commit("Science does not build")
    place.registry = answering({f"science/manifests/{GOOD}": INDEXES[GOOD]})
    shown = place.release(lab=NEXT, held=HELD)
    assert "1 of 3 released" in shown
    assert (place.offered()[LAB]["digest"], place.offered()[SCIENCE]["digest"]) == (NEXT, GOOD)
    assert [one["slug"] for one in values(place)] == ["lab", "science"]
    assert values(place)[1]["kubespawner_override"]["image"].endswith(f"@{GOOD}")
    before = place.tip()
    place.commit("It still does not")
    place.release(lab=NEXT, held=HELD)
    assert place.tip() == before
    place.commit("It builds again")
    place.release(lab=NEXT, science=NEXT)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{GOOD}")


def test_a_profile_waits_for_the_first_release_of_its_image(place: Place) -> None:
    shown = place.release(held=HELD)
    assert "note: profile `science` of `hub` is left out: none of its images has been released" in shown
    assert set(place.offered()) == {"base:default", LAB}
    assert [one["slug"] for one in values(place)] == ["lab"]
    place.commit("It builds")
    place.release()
    assert [one["slug"] for one in values(place)] == ["lab", "science"]


def test_an_image_that_the_registry_has_lost_is_not_offered(place: Place) -> None:
    place.release()
    place.commit("Science does not build, and somebody has deleted it")
    place.release(held=HELD)
    assert set(place.offered()) == {"base:default", LAB}


def test_a_site_does_not_lose_its_last_profile(place: Place) -> None:
    place.release()
    before = place.tip()
    place.commit("Nothing builds, and somebody has deleted the packages")
    with pytest.raises(Failure, match="no profile of `hub` has an image that is released"):
        place.release(held={**HELD, LAB: "linux/amd64: not built and tested"})
    assert place.tip() == before


@pytest.mark.slow
def test_nothing_new_is_no_commit(place: Place) -> None:
    place.release()
    before = place.tip()
    assert "release is up to date" in place.release()
    assert place.tip() == before


@pytest.mark.slow
def test_what_others_put_on_the_branch_stays(place: Place) -> None:
    place.release()
    with place.on_branch():
        (place.git.root / "README.md").write_text("Of this branch\n")
        place.git("add", "README.md")
        place.git("commit", "--quiet", "--message", "A word")
    place.commit("An edit")
    place.release(science=BAD)
    assert place.shown("README.md") == "Of this branch\n"


@pytest.mark.slow
def test_an_older_commit_is_refused(place: Place) -> None:
    place.release()
    newest = place.commit("The newest")
    place.release(science=BAD)
    before = place.tip()
    place.git("checkout", "--quiet", "HEAD~1")
    with pytest.raises(Failure) as caught:
        place.release()
    assert caught.value.exit_code == 1
    assert f"was made from {newest[:12]}, which is newer than this commit" in caught.value.message
    assert place.tip() == before
    assert "1 of 3 released" in place.release(allow_older=True)
    assert place.offered()[SCIENCE]["digest"] == GOOD


def test_a_release_of_a_commit_that_is_gone_is_explained_in_git_s_words(place: Place) -> None:
    place.release()
    with place.on_branch():
        place.commit(f"Release\n\nSource-Commit: {'1' * 40}")
    with pytest.raises(Failure, match=r"not in its history: .*1111111"):
        place.release()


def test_a_digest_file_that_was_broken_by_hand_stops_a_release(place: Place) -> None:
    """It says what was taken back."""
    place.release(science=BAD)
    blob = place.git("hash-object", "-w", "--stdin", stdin=b"<<<<<<< HEAD\n")
    with place.on_branch():
        place.git("update-index", "--cacheinfo", f"100644,{blob},deploy/images.json")
        place.git("commit", "--quiet", "--message", "By hand")
        place.git("reset", "--quiet", "--hard")
    before = place.tip()
    place.commit("Newer")
    with pytest.raises(Failure, match="cannot be read: it is not JSON"):
        place.release(science=NEXT)
    assert place.tip() == before


@pytest.mark.parametrize(
    "path", ["deploy/images.json", "deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"]
)
def test_a_file_of_the_branch_that_git_cannot_read_is_not_absent(place: Place, path: str) -> None:
    place.release(science=BAD)
    blob = place.git("rev-parse", f"{place.tip()}:{path}")
    (place.git.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    before = place.tip()
    place.commit("Newer")
    with pytest.raises(EnvironmentFailure, match="git show failed"):
        place.release(science=NEXT)
    assert place.tip() == before


@pytest.mark.slow
def test_a_release_by_hand_refuses_no_commit(place: Place) -> None:
    """Somebody's own commit has no source; the newest release's counts."""
    place.release()
    place.take_back()
    place.commit("Newer")
    place.release(science=BAD)
    place.git("checkout", "--quiet", "HEAD~1")
    with pytest.raises(Failure, match="is newer than this commit"):
        place.release()


def test_a_branch_with_profiles_keeps_some(place: Place) -> None:
    place.release()
    text = (place.git.root / "matrix.yaml").read_text().partition("sizes:")[0]
    (place.git.root / "matrix.yaml").write_text(text)
    bare = state_of(load_project(read_inputs(place.git.root)))
    with pytest.raises(Failure, match="the matrix has no profiles, but release has some"):
        check_last_release(place.git, bare, allow_older=False)


def test_a_branch_with_a_buildkit_alone_has_no_profiles_to_keep(place: Place) -> None:
    text = MATRIX.read_text().partition("sizes:")[0]
    (place.git.root / "matrix.yaml").write_text(f"{text}workflow: none\nsites: {{hub: {{buildkit: {{}}}}}}\n")
    place.state = state_of(load_project(read_inputs(place.git.root)))
    place.release()
    assert "kind: StatefulSet" in place.shown("deploy/hub/buildkit/statefulset.yaml")
    check_last_release(place.git, place.state, allow_older=False)


def test_a_branch_that_cannot_be_pushed_is_known_before_anything_is_made(place: Place) -> None:
    place.git("remote", "set-url", "--push", "origin", str(place.remote.parent / "nowhere.git"))
    with pytest.raises(EnvironmentFailure, match="the branch release could not be pushed"):
        check_last_release(place.git, place.state, allow_older=False)
    assert place.tip() == ""
