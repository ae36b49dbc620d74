from __future__ import annotations

import pytest

from image_matrix.config.time_zones import is_zone, old_names, right_name, zone_of


@pytest.mark.parametrize(
    ("value", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"), (":Europe/Berlin", "Europe/Berlin"), ("UTC", "UTC"), ("A/B_1", "A/B_1"),
        ("America/Port-au-Prince", "America/Port-au-Prince"), ("Etc/GMT+5", "Etc/GMT+5"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", None), ("UTC0", None), ("<+03>-3", None), ("", None), ("localtime", None),
        ("/etc/localtime", None), ("posix/Europe/Berlin", None), ("{zone}", None),
    ],
)  # fmt: skip
def test_what_a_value_names(value: str, zone: str | None) -> None:
    assert zone_of(value) == zone


def test_names_of_today_and_old_ones() -> None:
    assert is_zone("Asia/Kolkata")
    assert is_zone("Asia/Calcutta")
    assert not is_zone("Asia/Nowhere")
    assert {
        name for name, today in old_names().items() if today in old_names() or not is_zone(today)
    } == set()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("berlin", "write `Europe/Berlin`"),
        ("Asia/Tokio", "did you mean `Asia/Tokyo`?"),
        ("CEST", "write a zone by its region and city, such as `Europe/Berlin`"),
    ],
)
def test_what_to_write_instead(name: str, remedy: str) -> None:
    assert right_name(name) == remedy
