"""What was taken back by hand on the release branch stays so, and is remembered."""

from __future__ import annotations

import json

import pytest

from tests.cli.release_place import BAD, GOOD, LAB, NEXT, SCIENCE, Place, place, project, state

__all__ = ["place", "project", "state"]


def test_a_release_that_is_taken_back_is_known_with_its_previous_images(place: Place) -> None:
    place.release()
    place.commit("Newer")
    place.release(science=BAD)
    place.take_back()
    assert "it is kept" in place.release(science=BAD)
    assert place.offered()[SCIENCE]["digest"] == GOOD


@pytest.mark.slow
def test_what_was_taken_back_stays_taken_back(place: Place) -> None:
    place.release()
    place.commit("A bad one")
    place.release(science=BAD)
    place.take_back()
    before = place.tip()
    place.commit("A typo in the README")
    said = place.release(science=BAD)
    assert "release was changed by hand after this was released: it is kept" in said
    assert "0 of 3 released" in said
    assert (place.tip(), place.offered()[SCIENCE]["digest"]) == (before, GOOD)


@pytest.mark.slow
def test_another_image_is_released_and_what_was_taken_back_is_remembered(place: Place) -> None:
    place.release()
    place.commit("A bad one")
    place.release(science=BAD)
    place.take_back()
    place.commit("Another image is new")
    assert f"{SCIENCE} keeps {GOOD}" in place.release(science=BAD, lab=NEXT)
    for _ in range(2):
        entry = place.offered()[SCIENCE]
        assert (entry["digest"], entry["instead_of"]) == (GOOD, BAD)
        assert place.offered()[LAB]["digest"] == NEXT
        assert BAD not in place.shown("deploy/hub/jupyterhub/values.yaml")
        place.commit("Nothing is new")
        place.release(science=BAD, lab=NEXT)
    place.release(science=NEXT, lab=NEXT)
    assert place.offered()[SCIENCE]["digest"] == NEXT
    assert "instead_of" not in place.offered()[SCIENCE]


@pytest.mark.slow
def test_the_revert_of_the_revert_offers_it_again(place: Place) -> None:
    place.release()
    place.commit("A bad one after all not so bad")
    place.release(science=BAD)
    place.take_back()
    place.take_back()
    place.commit("Nothing is new")
    place.release(science=BAD)
    assert place.offered()[SCIENCE]["digest"] == BAD
    assert "instead_of" not in place.offered()[SCIENCE]


@pytest.mark.slow
def test_a_digest_is_edited_by_hand(place: Place) -> None:
    place.release()
    place.commit("A bad one")
    place.release(science=BAD, lab=BAD)
    folder = place.git.root / "deploy"
    with place.on_branch():
        for path in (path for path in folder.rglob("*") if path.is_file()):
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(line.replace(BAD, GOOD) if "science" in line else line for line in lines))
        images = json.loads((folder / "images.json").read_text())
        images["images"][SCIENCE]["digest"] = GOOD
        (folder / "images.json").write_text(json.dumps(images, indent=2) + "\n")
        place.git("commit", "--quiet", "--all", "--message", "Back by hand")
    place.commit("Another image is new")
    assert f"{SCIENCE} keeps {GOOD}" in place.release(science=BAD, lab=NEXT)
    assert place.offered()[LAB]["digest"] == NEXT
