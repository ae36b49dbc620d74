"""The examples of docs/flux.md stay true, and no page follows a channel that cannot exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from image_matrix.config.schema import schema
from tests.cluster.place import PAGE, documented
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

LATER = "2099.1231.0"
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))


def ranges() -> list[str]:
    """Return the ranges of versions in the manifests of the page."""
    headings = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    items = [item for heading in headings for item in documented(heading)]
    references = [item["spec"].get("ref", {}) for item in items if "spec" in item]
    return [reference["semver"] for reference in references if "semver" in reference]


def test_every_range_takes_the_releases_of_later_years() -> None:
    found = ranges()
    assert found
    assert [one for one in found if LATER not in SpecifierSet(one.replace(" ", ","))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_channels_that_the_matrix_accepts(page: Path) -> None:
    pattern = schema()["$defs"]["site"]["properties"]["channel"]["pattern"]
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"\bchannel: ([\w/.-]+)", text) + re.findall(r"image-matrix diff (channel\S+)", text)
    named += re.findall(r"\| channel \| a branch, such as `([^`]+)`", text)
    assert [name for name in named if not re.fullmatch(pattern, name)] == []
