"""Links of docs/images.md lead somewhere: to files that are rendered, and to headings that the page has."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load, load_inputs
from image_matrix.project.render import render_all
from image_matrix.render.docs.images_page import images_page
from tests.deploy.support import ROOT
from tests.render.test_dockerfiles_in_bake import FAMILY

FAMILIES = (ROOT, ROOT / "examples" / "conda", FAMILY)
SOURCE = "org.opencontainers.image.source"
SMALL = """\
version: 1
registry: ghcr.io/team/nb
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, labels: {%s: %s}}
  lab.v1: {from: base}
"""


@cache
def rendered(folder: Path) -> tuple[str, frozenset[str]]:
    """Return the page of a family, and the paths that there are beside it."""
    inputs = read_inputs(folder)
    files = render_all(load_inputs(inputs), Pins(), inputs.templates)
    own = {path.relative_to(folder).as_posix() for path in folder.rglob("*Dockerfile*")}
    return files["docs/images.md"].content.decode(), frozenset({*files, *own})


def headings(page: str) -> set[str]:
    """Return the ids that GitHub gives to headings: lower case, hyphens for spaces, few other characters."""
    texts = (line.lstrip("# ").lower() for line in page.splitlines() if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in texts}


@pytest.mark.parametrize("folder", FAMILIES, ids=lambda folder: folder.name)
def test_every_link_leads_somewhere(folder: Path) -> None:
    page, files = rendered(folder)
    targets = re.findall(r"\]\(<?([^)>]+)>?\)", page)
    inside = {target[1:] for target in targets if target.startswith("#")}
    outside = {PurePosixPath("docs", target) for target in targets if not target.startswith("#")}
    assert inside <= headings(page)
    assert len(outside) > 1
    assert {path.as_posix().removeprefix("docs/../") for path in outside} <= files


def test_each_variant_in_the_table_links_to_its_dockerfile() -> None:
    page, _ = rendered(ROOT)
    (row,) = re.findall(r"^\| \[codeserver\].*", page, re.MULTILINE)
    assert "[python3.13](../images/codeserver/python3.13/Dockerfile)" in row
    assert "[python3.11](../images/codeserver/python3.11/Dockerfile)" in row


def page_with(source: str) -> str:
    loaded = load({"matrix.yaml": SMALL % (SOURCE, source)}, ["base", "generic"])
    return images_page(loaded.matrix, loaded.variants).content.decode()


@pytest.mark.parametrize("source", ["https://github.com/team/nb", "https://github.com/team/nb.git"])
def test_nodes_of_the_graph_are_links_where_a_label_names_the_repository(source: str) -> None:
    page = page_with(source)
    found = dict(re.findall(r'^  click (\w+) href "([^"]+)" _blank$', page, re.MULTILINE))
    assert found == {
        "n_base": "https://github.com/team/nb/blob/HEAD/docs/images.md#base",
        "n_lab_v1": "https://github.com/team/nb/blob/HEAD/docs/images.md#labv1",
    }
    assert {link.partition("#")[2] for link in found.values()} <= headings(page)


@pytest.mark.parametrize(
    "source",
    [
        "https://gitlab.com/team/nb",
        "https://gitlab.example.org/team/nb",
        "https://github.com/team",
        "git@github.com:team/nb",
        "'https://github.com/team/nb\" _self'",
    ],
)
def test_other_addresses_make_no_links(source: str) -> None:
    assert "click" not in page_with(source)
