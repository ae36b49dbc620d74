"""Versions of the chart, and what a profile's mappings need of them."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.config.charts import chart_of, charts, version
from image_matrix.config.sites import read_site
from image_matrix.profiles.charts import ceiling, hub_of, mappings


@pytest.mark.parametrize(
    ("constraint", "end"),
    [
        ("4.2.0", (4, 2, 1)), ("=4.2.0", (4, 2, 1)), ("v4.2.0", (4, 2, 1)), ("4.2", (4, 3, 0)), ("4.2.x", (4, 3, 0)),
        ("4.x", (5, 0, 0)), ("4", (5, 0, 0)), ("~4.2.0", (4, 3, 0)), ("~4", (5, 0, 0)), ("^4.2.0", (5, 0, 0)),
        ("^0.3.1", (0, 4, 0)), ("<4.3", (4, 3, 0)), ("<=4.2.0", (4, 2, 1)), ("< 4.3.0, >= 4.0.0", (4, 3, 0)),
        (">=4.0.0 <4.3.0", (4, 3, 0)), ("4.0.0 - 4.2.0", (4, 2, 1)), ("3.3.8 || ~4.2", (4, 3, 0)),
        ("4.3.0-beta.1", (4, 3, 1)), (">=4.0.0", None), ("!=4.3.0", None), ("*", None), ("", None), ("mine", None),
        ("4.2.0 || >=4.4.0", None),
    ],
)  # fmt: skip
def test_where_a_range_ends(constraint: str, end: tuple[int, ...] | None) -> None:
    assert ceiling(constraint) == end


def test_the_jupyterhub_of_a_chart() -> None:
    assert hub_of("4.2.0") == hub_of("~4.2.0") == hub_of("4.2.x") == (5, 3)
    assert hub_of("3.3.8") == (4, 1)
    assert [hub_of(text) for text in ("4.x", ">=4.2.0", "9.9.9", "")] == [None] * 4


@pytest.mark.parametrize(
    ("fields", "accepts"),
    [
        ({}, True), ({"chart": "4.4.0"}, True), ({"chart": "4.2.0"}, True), ({"chart": "4.0.1"}, True),
        ({"chart": "9.0.0"}, True), ({"chart": "5.0.0-beta.1"}, True), ({"chart": "3.3.8"}, False),
        ({"jupyterhub": "5.2"}, True), ({"jupyterhub": "4.1.6"}, False), ({"jupyterhub": "3"}, False),
        ({"jupyterhub": "5.5.0", "kubespawner": "6.2.0"}, False), ({"chart": "3.3.8", "kubespawner": "7.1.0"}, True),
    ],
)  # fmt: skip
def test_kubespawner_7_accepts_mappings(fields: dict[str, str], accepts: bool) -> None:
    assert read_site("hub", fields).accepts_mappings is accepts


def test_what_a_chart_ships() -> None:
    old, newer = read_site("old", {"chart": "3.3.8"}), read_site("newer", {"chart": "4.3.4"})
    assert (old.hub, old.kubespawner) == ("4.1.6", "6.2.0")
    assert "volumes" in old.chart.lists
    assert newer.hub == "5.4.0"
    assert "volumes" not in newer.chart.lists
    assert read_site("mine", {"chart": "4.2.0", "jupyterhub": "5.5.0"}).hub == "5.5.0"
    assert chart_of("3.2.1") is None
    assert [*charts()] == sorted(charts(), key=version)


def test_mappings_are_found_in_profiles_and_choices() -> None:
    choice = {"kubespawner_override": {"volumes": {"a": {}}, "tolerations": [], "environment": {}}}
    profiles: list[dict[str, Any]] = [
        {"kubespawner_override": {"init_containers": {"b": {}}, "volume_mounts": []}},
        {"profile_options": {"size": {"choices": {"small": choice}}}, "kubespawner_override": None},
    ]
    assert mappings(profiles) == ("init_containers", "volumes")
