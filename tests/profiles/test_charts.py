"""Versions of the chart, and what a profile's mappings need of them."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.profiles.charts import ceiling, hub_of, joins, mappings


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
    ("hub", "known"),
    [("5.4.0", True), ("5.10", True), ("6.0.0", True), ("5.3.9", False), ("5", False), ("4.1.6", False)],
)
def test_volumes_are_joined_from_jupyterhub_5_4_on(hub: str, known: bool) -> None:
    assert joins(hub) is known


def test_mappings_are_found_in_profiles_and_choices() -> None:
    choice = {"kubespawner_override": {"volumes": {"a": {}}, "tolerations": [], "environment": {}}}
    profiles: list[dict[str, Any]] = [
        {"kubespawner_override": {"init_containers": {"b": {}}, "volume_mounts": []}},
        {"profile_options": {"size": {"choices": {"small": choice}}}, "kubespawner_override": None},
    ]
    assert mappings(profiles) == ("init_containers", "volumes")
