"""What a release says in the catalog, the page and the further lists of the release branch."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.project.inputs import read_inputs
from image_matrix.publish import attached_reports
from image_matrix.render.lists.released import ScanSummary
from tests import yaml_files
from tests.cli.release_place import BAD, GOOD, INDEX, LAB, MATRIX, NEXT, SCIENCE, Place, place, project, state
from tests.publish.states import answering

__all__ = ["place", "project", "state"]


def index_of(digest: str) -> dict[str, Any]:
    """An index in the registry that says when it was written."""
    return {**INDEX, "annotations": {"org.opencontainers.image.created": f"day {digest[-1]}"}}


def reloaded(place: Place, **more: Any) -> Place:
    """The same with the matrix as it is now, and other fields replaced."""
    return replace(place, state=state_of(load_project(read_inputs(place.git.root))), **more)


@pytest.fixture
def listed(place: Place) -> Place:
    """The same with the further lists, a site of Open Data Hub, and a registry that has all images."""
    text = MATRIX.read_text().replace(
        "sites: {", "release: {lists: [catalog, devcontainers, page]}\nsites: {odh: {spawner: opendatahub}, "
    )
    (place.git.root / "matrix.yaml").write_text(text)
    names = ("base", "lab", "science")
    held = {f"{name}/manifests/{digest}": index_of(digest) for name in names for digest in (GOOD, BAD, NEXT)}
    return reloaded(place, registry=answering(held))


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


def on_page(place: Place) -> list[dict[str, Any]]:
    """What the script of the released catalog is given: an entry for each variant."""
    page = place.shown("deploy/catalog.html")
    (data,) = re.findall(r'<script id="data"[^>]*>(.*?)</script>', page, re.DOTALL)
    entries: list[dict[str, Any]] = json.loads(data)
    return entries


def facts_on_page(place: Place, name: str) -> dict[str, str]:
    """What the released catalog says of a variant; of its image, the digest. Its platforms are left out."""
    facts = {
        term: text.rpartition("@")[2]
        for one in on_page(place)
        if one["id"] == name
        for term, text in one["facts"]
    }
    return {term: text for term, text in facts.items() if term != "Platforms"}


def changed_last(place: Place, name: str) -> list[str]:
    """What the released catalog says has changed last in a variant, as its script puts it together."""
    entries = {one["id"]: one for one in on_page(place)}

    def lines(one: dict[str, Any]) -> list[str]:
        return [*(lines(entries[one["on"]]) if one.get("same") else []), *one.get("changes", [])]

    return lines(entries[name])


def released_with_newer_toolz(listed: Place) -> Place:
    """Release another image of ``science``, for a newer package; return the place with the matrix as it is then."""
    matrix = listed.git.root / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("toolz==1.0.0", "toolz==1.1.0"))
    listed.git("add", "--all")
    later = reloaded(listed)
    later.commit("A newer toolz")
    later.release(science=BAD)
    return later


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
    held = {f"{name}/manifests/{GOOD}": index_of(GOOD) for name in names}
    place = reloaded(listed, registry=answering(held, {f"science/referrers/{GOOD}": 403}))
    said = " ".join(place.release().split())
    assert "3 of 3 released" in said
    assert said.count("what the last scan found is not known") == 1
    assert "note: science:default: " in said
    assert place.offered()[SCIENCE]["digest"] == GOOD


@pytest.mark.slow
def test_a_newer_report_does_not_hide_that_a_release_was_taken_back(
    listed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It changes the page, which then is not that of the last release."""

    def reported(day: str) -> None:
        monkeypatch.setattr(
            attached_reports,
            "known_scans",
            lambda _registry, _entries, released, _scanning: (
                {name: replace(one, scan=ScanSummary(day)) for name, one in released.items()},
                {},
            ),
        )

    reported("2026-11-28")
    listed.git("add", "--all")
    listed.release()
    listed.commit("A bad one")
    listed.release(science=BAD)
    assert "2026-11-28" in listed.shown("deploy/catalog.html")
    listed.take_back()
    tip = listed.tip()
    reported("2026-11-29")
    assert "was changed by hand after this was released: it is kept" in listed.release(science=BAD)
    assert listed.tip() == tip
    listed.take_back()
    listed.release(science=BAD)
    assert listed.offered()[SCIENCE]["digest"] == BAD
    assert "2026-11-29" in listed.shown("deploy/catalog.html")


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
