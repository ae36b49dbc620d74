"""The order of Debian's versions."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise, product

import pytest

from image_matrix.inventory.debian_versions import compare, debian_bounds

ORDERED = (
    "0~~",
    "0~~a",
    "0~",
    "0",
    "0a",
    "0+b1",
    "1.0~rc1-1",
    "1.0-1~deb13u1",
    "1.0-1",
    "1.0-1+deb13u2",
    "1.0-1+deb13u10",
    "1.0-1.1",
    "1.0-10",
    "1.0+dfsg-1",
    "1.0-1-1",
    "1.0.1",
    "1.10",
    f"2.{'9' * 5000}",
    "20261130",
    "1:0.1",
    "2:0.1~beta",
    "2:0.1",
)
"""Versions from the lowest up."""
SAME = (("1.0", "0:1.0-0"), ("1.01", "1.1"), ("1.a", "1.a0"))


def test_the_order() -> None:
    for (at, one), (place, other) in product(enumerate(ORDERED), enumerate(ORDERED)):
        assert compare(one, other) == (at > place) - (at < place), (one, other)
    assert [compare(one, other) for one, other in SAME] == [0] * len(SAME)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not installed")
def test_it_is_the_order_of_dpkg() -> None:
    numbers = [one for one in ORDERED if len(one) < 100]
    for one, other in [*pairwise(numbers), *SAME]:
        expected = {-1: "lt", 0: "eq", 1: "gt"}[compare(one, other)]
        subprocess.run(["dpkg", "--compare-versions", one, expected, other], check=True)


@pytest.mark.parametrize("text", ["", "<", "<two", "<1,", "<1 2", "~=1.4", "==1.*", "<1:2:3"])
def test_what_has_no_bounds(text: str) -> None:
    assert debian_bounds(text) is None
