"""What changed last in a released image is what differs from the newest record with another digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.inventory.difference import ImageState, difference
from image_matrix.inventory.model import Content, Inventory, PackageName
from image_matrix.publish.last_changes import last_changes
from image_matrix.render.docs.catalog_changes import UNKNOWN, changes_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NUMPY, ZICT = PackageName("pip", "numpy"), PackageName("pip", "zict")


def image(digest: str, **versions: str) -> ImageState:
    contents = {
        PackageName("pip", name): Content({"amd64": version}, "base", ("base",), True)
        for name, version in versions.items()
    }
    return ImageState(Inventory(contents), digest=digest)


def said(
    now: Mapping[str, ImageState], *records: Mapping[str, ImageState]
) -> dict[str, list[tuple[str | None, ...]]]:
    found = last_changes(now, records)
    return {name: [(one.before, one.after) for one in found[name].packages] for name in found}


def test_the_newest_record_with_another_digest_counts() -> None:
    now = {"base": image("c", numpy="3")}
    same, older, oldest = (
        {"base": image("c", numpy="3")},
        {"base": image("b", numpy="2")},
        {"base": image("a", numpy="1")},
    )
    assert said(now, same, older, oldest) == {"base": [("2", "3")]}
    assert said(now, older, oldest) == {"base": [("2", "3")]}


def test_a_new_image_and_one_that_never_changed_have_none() -> None:
    now = {"base": image("a", numpy="1"), "new": image("n", zict="1")}
    assert said(now, {"base": image("a", numpy="1")}, {"base": image("a", numpy="1")}) == {}
    assert said(now) == {}


def test_an_image_that_was_away_is_new() -> None:
    now = {"base": image("b", numpy="2")}
    assert said(now, {}, {"base": image("a", numpy="1")}) == {}


def test_no_more_records_are_read_than_needed() -> None:
    def records() -> Iterator[Mapping[str, ImageState]]:
        yield {"base": image("a", numpy="1")}
        pytest.fail("read on")

    assert said({"base": image("b", numpy="2")}, *[next(records())]) == {"base": [("1", "2")]}
    assert last_changes({"base": image("b", numpy="2")}, records())["base"].packages


def test_what_the_image_below_shares_is_said_once() -> None:
    base = difference({"base": image("a", numpy="1")}, {"base": image("b", numpy="2")})
    lab = difference({"lab": image("a", numpy="1")}, {"lab": image("b", numpy="2", zict="3")})
    alone = difference({"lab": image("a", numpy="2")}, {"lab": image("b", numpy="2", zict="3")})
    assert changes_data(base, None) == {"changes": ["numpy 1 → 2"]}
    assert changes_data(lab, base) == {"changes": ["zict 3 (new)"], "same": True}
    assert changes_data(alone, base) == {"changes": ["zict 3 (new)"]}
    assert changes_data(None, base) == {}
    same = difference({"lab": image("a", numpy="2")}, {"lab": image("b", numpy="2")})
    assert changes_data(same, base) == {"changes": [UNKNOWN]}
