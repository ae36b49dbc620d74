"""docs/catalog.html asks nobody for anything, fits narrow screens, and has no dead link; Chromium looks at it, too."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.catalog import Catalog
from image_matrix.diagnostics import MatrixError
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.render.docs.catalog import SCRIPT, catalog_page
from image_matrix.render.docs.catalog_data import shown_of
from tests.deploy.support import reference, small
from tests.render.chromium import needs_browser, seen_in
from tests.workflow.matrices import TEMPLATES, loaded, matrix

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

PROBE = """
const wide = [...page.querySelectorAll("body *")].filter(
  (item) => !item.closest(".picture") && item.getBoundingClientRect().right > view.innerWidth + 1);
const style = view.getComputedStyle(page.body);
return {
  width: view.innerWidth, scroll: page.documentElement.scrollWidth,
  wide: wide.map((item) => item.outerHTML.slice(0, 80)),
  resources: view.performance.getEntriesByType("resource").map((item) => item.name),
  cards: page.querySelectorAll("#profiles .card").length,
  images: page.querySelectorAll("#images .card").length,
  boxes: page.querySelectorAll(".picture a").length, text: style.color, back: style.backgroundColor,
};
"""


class Page(HTMLParser):
    """Ids, links and outside addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self.scripts: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.scripts += [given] if tag == "script" else []
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if given.get("href", "").startswith("#") else []
        self.outside += [
            value for key, value in given.items() if key in ("src", "href") and not value.startswith("#")
        ]


def page(text: str) -> Page:
    made = Page()
    made.feed(text)
    return made


def rendered(loaded: Loaded, **pages: str) -> str:
    templates = replace(TEMPLATES, pages={**TEMPLATES.pages, **pages}, compiled=None)
    return catalog_page(shown_of(loaded, Pins()), templates).content.decode()


@pytest.fixture(scope="module")
def text() -> str:
    return rendered(reference())


def test_links_lead_somewhere_and_nothing_leads_out(text: str) -> None:
    found = page(text)
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert found.outside == []
    assert found.scripts == [{"id": "data", "type": "application/json"}, {}]


def test_the_policy_allows_the_script_of_the_page_and_no_other(text: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    known = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy.split("; ") == [
        "default-src 'none'", "style-src 'unsafe-inline'", f"script-src 'sha256-{known}'"
    ]  # fmt: skip


def test_the_script_makes_no_markup_of_texts() -> None:
    script = TEMPLATES.pages[SCRIPT]
    for writer in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval", "fetch"):
        assert writer not in script


def test_texts_of_the_matrix_stay_texts() -> None:
    loaded = small('images: {jupyter: {description: "<script>alert(1)</script> & more"}}')
    found = rendered(loaded)
    assert len(page(found).scripts) == 2
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in found


def test_a_page_of_a_repository_replaces_the_one_that_comes_along() -> None:
    loaded = reference()
    own = {"catalog.html.j2": "<h1>{{ images | length }} images & {{ registry }}</h1>\n"}
    found = rendered(replace(loaded, matrix=replace(loaded.matrix, registry="a<b")), **own)
    assert found == "<h1>18 images & a&lt;b</h1>\n"


def test_a_mistake_in_a_page_is_an_error_at_its_line() -> None:
    loaded = reference()
    with pytest.raises(MatrixError) as caught:
        rendered(loaded, **{"catalog.html.j2": "<p>\n{{ imagse }}\n"})
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.place.file, problem.place.line) == (
        "IM501",
        "templates/pages/catalog.html.j2",
        2,
    )
    assert "`imagse` is not defined in templates" in problem.message


def test_a_script_has_no_values_and_the_help_does_not_offer_any() -> None:
    with pytest.raises(MatrixError) as caught:
        rendered(reference(), **{SCRIPT: "const a = {{ registry }};\n"})
    (problem,) = caught.value.diagnostics
    assert problem.message.endswith("`registry` is not defined in templates")
    assert problem.help.startswith("this template has no values: write text there")


def test_cards_say_how_much_an_image_adds(text: str) -> None:
    assert "<summary>Adds 3 Debian packages, 31 Python packages</summary>" in text
    assert "<summary>Adds 1 Debian package</summary>" in text
    assert "<summary>Adds 3 Python packages, 2 editor extensions</summary>" in text


def test_without_profiles_there_is_a_page_too() -> None:
    loaded = reference()
    found = page(rendered(replace(loaded, matrix=replace(loaded.matrix, catalogs={"hub": Catalog()}))))
    assert "profiles" not in found.ids
    assert "image-jupyter-scipy" in found.ids


def test_a_profile_without_a_description_has_no_empty_line() -> None:
    assert '<p class="soft"></p>' not in rendered(small())


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    "address", ["", "#find=py", "#in=jupyter-scipy%3Apython3.13&with=jupyter-scipy%3Apython3.11"]
)
def test_it_fits_the_screen(tmp_path: Path, text: str, width: int, address: str) -> None:
    seen = seen_in(tmp_path, text, PROBE, width=width, address=address)
    assert seen["width"] == width
    assert seen["wide"] == []
    assert seen["scroll"] <= width  # less: the scroll bar
    assert seen["resources"] == []
    assert (seen["cards"], seen["images"], seen["boxes"]) == (8, 18, 18)


@pytest.mark.slow
@needs_browser
def test_light_and_dark_have_contrast(tmp_path: Path, text: str) -> None:
    light = seen_in(tmp_path, text, PROBE)
    dark = seen_in(tmp_path, text, PROBE, "--blink-settings=preferredColorScheme=0")
    assert light["back"] != dark["back"]
    for seen in (light, dark):
        assert contrast(seen["text"], seen["back"]) >= 7


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two ``rgb(r, g, b)`` colours."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_what_is_not_published_is_not_in_the_catalog() -> None:
    """It is named as what its children are built on, without a link that leads nowhere."""
    images = {"base": {"from": "debian", "publish": False}, "leaf": {"from": "base"}}
    project = loaded(matrix(images))
    text = rendered(project)
    assert 'id="image-leaf"' in text
    assert "#image-base" not in text
    assert 'id="image-base"' not in text
    assert '"id":"base:' not in text


def test_a_card_names_everything_that_an_image_is_built_on() -> None:
    folder = Path(__file__).parent.parent / "fixtures" / "good" / "parents-of-axis-values"
    every = load_inputs(read_inputs(folder))
    text = rendered(every)
    assert (
        'Built on <a href="#image-base">base</a>, <a href="#image-torch">torch</a>, <code>docker.io/nvidia/cuda:'
    ) in text
