"""A repository whose releases fill the further lists: the catalog, the page for users, devcontainers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.project.inputs import read_inputs
from image_matrix.publish import attached_reports
from image_matrix.render.lists.released import ScanSummary
from tests.cli.release_place import BAD, INDEXES, MATRIX, Place
from tests.publish.states import answering

if TYPE_CHECKING:
    from image_matrix.render.lists.released import ReleasedImage


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
    held = {f"{name}/manifests/{digest}": index for name in names for digest, index in INDEXES.items()}
    return reloaded(place, registry=answering(held))


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


@dataclass
class Reports:
    """The reports of scans that the registry has: all of one day."""

    day: str = "2026-11-28"
    asked: int = 0

    def known_scans(
        self, _registry: object, _entries: object, released: dict[str, ReleasedImage], _scanning: object
    ) -> tuple[dict[str, ReleasedImage], dict[str, str]]:
        self.asked += 1
        return {name: replace(one, scan=ScanSummary(self.day)) for name, one in released.items()}, {}


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    found = Reports()
    monkeypatch.setattr(attached_reports, "known_scans", found.known_scans)
    return found


def rolled_back(listed: Place) -> Place:
    """Release a newer toolz, and take it back by hand; return the place with the matrix as it is then."""
    listed.git("add", "--all")
    listed.commit("The matrix")
    listed.release()
    later = released_with_newer_toolz(listed)
    later.take_back()
    return later
