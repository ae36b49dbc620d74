"""What a chart in a cluster has is written by others: what is no amount is left to the hub."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.profiles.installed import guarantees_over_limits


def values(section: str, limit: object, override: dict[str, object]) -> dict[str, Any]:
    profiles = [{"display_name": "P", "kubespawner_override": override}]
    return {"singleuser": {section: {"limit": limit}, "profileList": profiles}}


@pytest.mark.parametrize(
    ("section", "limit", "override"),
    [
        ("cpu", 0.5, {"cpu_guarantee": 1}),
        ("cpu", "0.5", {"cpu_guarantee": "0.75"}),
        ("memory", "1G", {"mem_guarantee": "2G"}),
        ("memory", "1Gi", {"mem_guarantee": 2**31}),
    ],
)
def test_a_guarantee_over_the_limit_of_the_hub(
    section: str, limit: object, override: dict[str, object]
) -> None:
    (guarantee,) = override.values()
    assert [*guarantees_over_limits(values(section, limit, override))] == [
        (section, str(guarantee), str(limit))
    ]


@pytest.mark.parametrize("odd", ["much", "500m", "1 GB", "", [1], {"a": 1}, True, None, 10**400])
@pytest.mark.parametrize(("section", "field"), [("cpu", "cpu_guarantee"), ("memory", "mem_guarantee")])
def test_what_is_no_amount_is_over_nothing(section: str, field: str, odd: object) -> None:
    amount = 2**40 if section == "memory" else 99
    assert [*guarantees_over_limits(values(section, odd, {field: amount}))] == []
    assert [*guarantees_over_limits(values(section, amount, {field: odd}))] == []
