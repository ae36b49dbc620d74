"""Tags of releases are versions in the order of the releases."""

from __future__ import annotations

import re
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from image_matrix.publish.release_tags import next_tag, order_of, released

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
"""The core of a version (semver.org, 2)."""
DAY = date(2026, 11, 29)


def test_releases_of_one_day_are_numbered() -> None:
    assert next_tag([], DAY) == "2026.1129.1"
    assert next_tag(["2026.1129.9", "2026.1129.10", "2026.1128.30"], DAY) == "2026.1129.11"
    assert next_tag([], date(2027, 1, 2)) == "2027.102.1"


def test_a_clock_that_is_late_changes_no_order() -> None:
    assert next_tag(["2026.1201.1"], DAY) == "2026.1201.2"


def test_tags_of_others_are_not_those_of_releases() -> None:
    others = ["v1.2.3", "2026.11.29", "2026.1129.01", "2026.1129", "release-2026.1129.4", "2026.1129.1-rc.1"]
    assert released([*others, "2026.1129.2", "2026.1129.10"]) == ["2026.1129.10", "2026.1129.2"]
    assert next_tag(others, DAY) == "2026.1129.1"


@given(st.lists(st.dates(min_value=date(2000, 1, 1), max_value=date(9999, 12, 31)), max_size=8))
def test_each_release_has_a_higher_version_than_those_before(days: list[date]) -> None:
    tags: list[str] = []
    for day in days:
        tags.append(next_tag(tags, day))
        assert VERSION.fullmatch(tags[-1])
    orders = [order_of(tag) for tag in tags]
    assert orders == sorted({order for order in orders if order})
    assert released(reversed(tags)) == tags[::-1]
