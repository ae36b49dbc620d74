"""The script of docs/catalog.html in Chromium, under the page's own policy: search, lists, comparison."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from image_matrix.cli.project import load_project
from image_matrix.inventory.difference import ImageState, difference
from image_matrix.inventory.model import Content, Inventory, PackageName
from image_matrix.project.inputs import read_inputs
from image_matrix.render.docs.catalog import catalog_page
from image_matrix.render.docs.catalog_data import shown_of
from tests.deploy.support import ROOT
from tests.render.chromium import needs_browser, seen_in
from tests.workflow.matrices import TEMPLATES

pytestmark = [pytest.mark.slow, needs_browser]
NUMPY = PackageName("pip", "numpy")
FIXTURE = Path(__file__).parent / "catalog_family"
TYPE = """
const query = page.getElementById("query");
query.value = "%s";
query.dispatchEvent(new view.Event("input"));
"""
ROWS = """
const rows = (id) => [...page.querySelectorAll(`#${id} tbody tr`)].map(
  (row) => [...row.children].map((cell) => cell.textContent));
const text = (id) => page.getElementById(id).textContent;
"""


@cache
def page_of(folder: Path) -> str:
    project = load_project(read_inputs(folder))
    return catalog_page(shown_of(project.loaded, project.pins), TEMPLATES).content.decode()


def text() -> str:
    return page_of(FIXTURE)


def of_reference() -> str:
    return page_of(ROOT)


def test_a_search_finds_a_package_in_any_spelling(tmp_path: Path) -> None:
    script = (
        ROWS
        + TYPE % "Scikit_Learn"
        + 'return { rows: rows("results"), found: text("found"), at: view.location.hash };'
    )
    seen = seen_in(tmp_path, text(), script)
    assert seen["rows"] == [
        ["scikit-learn", "1.9.0", "pip", "maps:python3.13, maps:python3.11"],
        ["scikit-learn", "1.8.0", "pip", "stats:python3.13"],
        ["scikit-learn-extra", "0.4", "pip", "maps:python3.13, maps:python3.11"],
    ]
    assert seen["found"] == "2 packages found"
    assert seen["at"] == "#find=Scikit_Learn"


def test_a_search_without_a_result_says_so(tmp_path: Path) -> None:
    script = (
        ROWS
        + TYPE % "<b>x</b>"
        + 'return { found: text("found"), bold: page.querySelectorAll("main b").length };'
    )
    seen = seen_in(tmp_path, text(), script)
    assert seen["found"].startswith("No image has such a package")
    assert seen["bold"] == 0


def test_an_address_shows_everything_in_an_image(tmp_path: Path) -> None:
    script = (
        ROWS
        + """
    return { rows: rows("packages"), looked: text("looked"), focus: page.activeElement.id,
      facts: text("packages").includes("ghcr.io/example/notebooks/maps:python3.13") };
    """
    )
    seen = seen_in(tmp_path, text(), script, address="#in=maps%3Apython3.13")
    assert seen["rows"] == [
        ["curl", "floats", "apt", "lab:python3.13"],
        ["geopandas", "1.1.3", "pip", ""],
        ["python", "3.13", "provides", "lab:python3.13"],
        ["scikit-learn", "1.9.0", "pip", ""],
        ["scikit-learn-extra", "0.4", "pip", ""],
        ["uv", "0.13.8", "pip", "lab:python3.13"],
    ]
    assert seen["looked"] == "maps:python3.13: 6 packages"
    assert seen["focus"] == "look-title"
    assert seen["facts"]


def changed_page() -> str:
    """The page of a release in which numpy has moved in every image, and more in ``maps``."""
    project = load_project(read_inputs(FIXTURE))
    shown = shown_of(project.loaded, project.pins)
    moved = {PackageName("pip", f"new-{number}"): "1" for number in range(9)}
    before, after = {NUMPY: "1"}, {NUMPY: "2"}
    lab = difference({"lab": state("a", before)}, {"lab": state("b", after)})
    maps = difference({"maps": state("a", before)}, {"maps": state("b", {**after, **moved})})
    changes = {"lab:python3.13": lab, "maps:python3.13": maps}
    return catalog_page(replace(shown, changes=changes), TEMPLATES).content.decode()


def state(digest: str, versions: dict[PackageName, str]) -> ImageState:
    contents = {name: Content({"amd64": version}, "x", (), True) for name, version in versions.items()}
    return ImageState(Inventory(contents), digest=digest)


def test_what_changed_last_is_said_with_what_came_along_from_below(tmp_path: Path) -> None:
    script = """
    const said = () => [...page.querySelectorAll("#packages dd li")].map((one) => one.textContent);
    const maps = said();
    const summary = page.querySelector("#packages dd summary").textContent;
    page.getElementById("one").value = "lab:python3.13";
    page.getElementById("one").dispatchEvent(new view.Event("change"));
    return { maps, summary, lab: said(), folded: page.querySelectorAll("#packages dd details").length };
    """
    seen = seen_in(tmp_path, changed_page(), script, address="#in=maps%3Apython3.13")
    assert seen["maps"] == ["numpy 1 → 2", *(f"new-{number} 1 (new)" for number in range(9))]
    assert seen["summary"] == "10 changes"
    assert (seen["lab"], seen["folded"]) == (["numpy 1 → 2"], 0)


def test_two_images_side_by_side(tmp_path: Path) -> None:
    script = ROWS + 'return { rows: rows("packages"), looked: text("looked") };'
    seen = seen_in(tmp_path, text(), script, address="#in=stats%3Apython3.13&with=maps%3Apython3.13")
    assert seen["rows"] == [
        ["geopandas", "–", "1.1.3", "pip"],
        ["scikit-learn", "1.8.0", "1.9.0", "pip"],
        ["scikit-learn-extra", "–", "0.4", "pip"],
    ]
    assert seen["looked"] == (
        "0 only in stats:python3.13, 2 only in maps:python3.13, 1 in other versions, 3 the same"
    )


def test_links_and_the_link_back_show_what_they_name(tmp_path: Path) -> None:
    script = (
        ROWS
        + TYPE % "geopandas"
        + """
    page.querySelector("#results a").click();
    await soon();
    const first = text("looked");
    page.querySelector("#image-lab [data-variant] a").click();
    await soon();
    const second = text("looked");
    view.history.back();
    await soon();
    return { first, second, third: text("looked") };
    """
    )
    seen = seen_in(tmp_path, text(), script)
    assert seen["first"] == seen["third"] == "maps:python3.13: 6 packages"
    assert seen["second"] == "lab:python3.13: 3 packages"


def test_every_control_has_a_label_and_the_order_of_the_page(tmp_path: Path) -> None:
    script = """
    const controls = [...page.querySelectorAll("input, select")];
    return { labels: controls.map((one) => one.labels.length), order: controls.map((one) => one.tabIndex),
      live: [...page.querySelectorAll("[role=status]")].map((one) => one.id),
      hidden: page.querySelectorAll("[hidden]").length };
    """
    seen = seen_in(tmp_path, text(), script)
    assert seen == {"labels": [1, 1, 1, 1], "order": [0, 0, 0, 0], "live": ["found", "looked"], "hidden": 0}


def test_no_name_is_broken_beside_many_links(tmp_path: Path) -> None:
    script = (
        TYPE % "torch"
        + """
    const lines = (cell) => {
      const range = page.createRange();
      range.selectNodeContents(cell);
      return range.getClientRects().length;
    };
    return Object.fromEntries([...page.querySelectorAll("#results th")].map((one) => [one.textContent, lines(one)]));
    """
    )
    seen = seen_in(tmp_path, of_reference(), script)
    assert {"Package", "Version", "torchvision"} <= set(seen)
    assert {lines for name, lines in seen.items() if " " not in name} == {1}


def test_many_images_are_folded(tmp_path: Path) -> None:
    script = (
        TYPE % "jupyterlab"
        + """
    const folded = page.querySelector("#results details");
    const before = folded.querySelectorAll("a").length;
    folded.open = true;
    await soon();
    return { summary: folded.querySelector("summary").textContent, before, links: folded.querySelectorAll("a").length };
    """
    )
    seen = seen_in(tmp_path, of_reference(), script)
    assert seen["before"] == 0
    assert seen["summary"] == f"{seen['links']} variants"
    assert seen["links"] > 6
