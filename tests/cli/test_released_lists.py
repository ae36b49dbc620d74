"""What a release says in the catalog, the page and the further lists of the release branch."""

from __future__ import annotations

import json

import pytest

from tests import yaml_files
from tests.cli.listed_place import (
    Reports,
    changed_last,
    facts_on_page,
    listed,
    released_with_newer_toolz,
    reloaded,
    reports,
    rolled_back,
)
from tests.cli.release_place import BAD, GOOD, INDEXES, LAB, NEXT, SCIENCE, Place, place, project, state
from tests.publish.states import answering

__all__ = ["listed", "place", "project", "reports", "state"]


@pytest.mark.slow
def test_a_release_fills_the_further_lists(listed: Place) -> None:
    listed.release()
    science = json.loads(listed.shown("deploy/catalog.json"))["images"][2]
    assert (science["image"], science["digest"], science["created"]) == ("science", GOOD, "day 1")
    container = json.loads(listed.shown("deploy/.devcontainer/science/devcontainer.json"))
    assert container["image"] == f"ghcr.io/example/notebooks/science@{GOOD}"
    assert facts_on_page(listed, SCIENCE) == {"Image": GOOD, "Built on": "lab:default", "Released": "day 1"}
    first = listed.tip()
    listed.commit("An edit that changes nothing")
    assert "release is up to date" in listed.release()
    assert listed.tip() == first


@pytest.mark.slow
def test_the_released_catalog_says_what_changed_last(listed: Place) -> None:
    listed.release()
    assert changed_last(listed, SCIENCE) == []
    later = released_with_newer_toolz(listed)
    assert changed_last(later, SCIENCE) == ["toolz 1.0.0 → 1.1.0"]
    assert changed_last(later, LAB) == []
    later.commit("Another release of another image")
    later.release(science=BAD, lab=NEXT)
    assert changed_last(later, SCIENCE) == ["toolz 1.0.0 → 1.1.0"]
    assert changed_last(later, LAB) == ["built again, with no change that is known"]
    tip = later.tip()
    later.commit("An edit that changes nothing")
    assert "release is up to date" in later.release(science=BAD, lab=NEXT)
    assert later.tip() == tip


def stream_of(place: Place) -> list[str]:
    """The digests of the images that the dashboard of Open Data Hub has for ``science``."""
    streams = yaml_files.load_all(place.shown("deploy/odh/opendatahub/imagestreams.yaml"))
    science = next(item for item in streams if item["metadata"]["name"] == "science-default")
    return [tag["from"]["name"].partition("@")[2] for tag in science["spec"]["tags"]]


@pytest.mark.slow
def test_a_rolled_back_image_takes_its_lists_along(listed: Place) -> None:
    listed.release()
    later = released_with_newer_toolz(listed)
    assert stream_of(later) == [BAD, GOOD]
    later.take_back()
    later.commit("Another edit")
    assert f"keeps {GOOD}" in later.release(science=BAD, lab=NEXT)
    images = {item["image"]: item for item in json.loads(later.shown("deploy/catalog.json"))["images"]}
    assert (images["lab"]["digest"], images["lab"]["created"]) == (NEXT, "day 3")
    assert (images["science"]["digest"], images["science"]["created"]) == (GOOD, "day 1")
    assert "toolz==1.0.0" in images["science"]["requested"]["pip"]
    page = later.shown("deploy/catalog.html")
    assert '"toolz":"1.0.0"' in page
    assert '"toolz":"1.1.0"' not in page
    assert facts_on_page(later, SCIENCE) == {"Image": GOOD, "Released": "day 1"}
    assert stream_of(later) == [GOOD]


@pytest.mark.slow
def test_a_report_that_is_refused_stops_no_release(listed: Place) -> None:
    """It is a number on a page, and everything is signed by then."""
    text = (listed.git.root / "matrix.yaml").read_text()
    scanned = text.replace("release: {", "release: {scan: {tool: trivy, attach: true}, ")
    (listed.git.root / "matrix.yaml").write_text(scanned)
    names = ("base", "lab", "science")
    held = {f"{name}/manifests/{GOOD}": INDEXES[GOOD] for name in names}
    place = reloaded(listed, registry=answering(held, {f"science/referrers/{GOOD}": 403}))
    said = " ".join(place.release().split())
    assert "3 of 3 released" in said
    assert said.count("what the last scan found is not known") == 1
    assert "note: science:default: " in said
    assert place.offered()[SCIENCE]["digest"] == GOOD


@pytest.mark.slow
def test_a_rolled_back_image_has_its_scans_asked_once(listed: Place, reports: Reports) -> None:
    later = rolled_back(listed)
    later.commit("Another edit")
    reports.asked = 0
    assert f"keeps {GOOD}" in later.release(science=BAD, lab=NEXT)
    assert reports.asked == 1


@pytest.mark.slow
def test_the_folder_of_devcontainers_is_no_site(listed: Place) -> None:
    (listed.git.root / "matrix.yaml").write_text(
        "version: 1\nregistry: ghcr.io/example/notebooks\nworkflow: {generator: '.[locked]'}\n"
        "sources: {debian: 'docker.io/library/debian:trixie-slim'}\nrelease: {lists: [devcontainers]}\n"
        "images: {base: {from: debian, kind: base, pip: [uv==0.13.8]}}\n"
    )
    bare = reloaded(listed)
    bare.release()
    assert "released" in bare.release(base=BAD)
