"""Amounts of lists that somebody has edited are named as they stand there."""

from __future__ import annotations

import pytest

from image_matrix.profiles.setting_changes import setting_changes


@pytest.mark.parametrize(
    ("field", "was", "now", "shown"),
    [
        ("cpu_limit", 1, "0.5", ("1", "0.5")),
        ("cpu_limit", 1, "500m", ("1", "500m")),
        ("mem_limit", "1G", 2**31, ("1Gi", "2Gi")),
        ("mem_limit", "1G", "1 GB", ("1Gi", "1 GB")),
        ("mem_guarantee", "much", "more", ("much", "more")),
    ],
)
def test_what_changed(field: str, was: object, now: object, shown: tuple[str, str]) -> None:
    changes = [*setting_changes({field: was}, {field: now})]
    assert (changes[0].before, changes[0].after) == shown


def test_shared_memory_of_an_odd_size() -> None:
    (change,) = setting_changes(
        {}, {"volumes": {"shm": {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2 GB"}}}}
    )
    assert (change.what, change.after) == ("shm", "2 GB")
