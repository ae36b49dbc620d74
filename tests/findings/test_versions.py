from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.findings.versions import admits, reaches

NUMBERS = st.lists(st.integers(0, 9), min_size=2, max_size=3).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    ("version", "fixed", "does"),
    [
        ("6.5", ("6.5",), True),
        ("6.10", ("6.5",), True),
        ("6.4", ("6.5",), False),
        ("1.26.17", ("1.26.17", "2.0.6"), True),
        ("2.0.2", ("1.26.17", "2.0.6"), False),
        ("3.0", ("1.26.17", "2.0.6"), True),
        ("1.25", ("1.26.17", "2.0.6"), False),
        ("1.0", (), False),
        ("1:2.3-4", ("1:2.3-4",), True),
        ("9" * 5000, ("1.0",), False),
        ("1.0", ("9" * 5000,), False),
    ],
)
def test_whether_a_version_mends(version: str, fixed: tuple[str, ...], does: bool) -> None:
    assert reaches("pip", version, fixed) is does


@pytest.mark.parametrize(
    ("version", "fixed", "does"),
    [
        ("1:2.3-4", ("1:2.3-4",), True),
        ("1:2.3-5", ("1:2.3-4",), True),
        ("1:2.3-4~deb13u1", ("1:2.3-4",), False),
        ("2.4", ("1:2.3-4",), False),
        ("1:2.*", ("1:2.3-4",), False),
        ("", ("1:2.3-4",), False),
        ("1.0", (), False),
    ],
)
def test_whether_a_version_of_debian_mends(version: str, fixed: tuple[str, ...], does: bool) -> None:
    assert reaches("apt", version, fixed) is does


@given(NUMBERS, st.lists(NUMBERS, min_size=1, max_size=3))
def test_a_version_that_mends_always_does(version: str, others: list[str]) -> None:
    assert reaches("pip", version, [version, *others])


@pytest.mark.parametrize(
    ("installer", "entry", "stated", "does"),
    [
        ("pip", "tornado", "", True),
        ("pip", "tornado>=6,<7", "", True),
        ("pip", "tornado==6.4", "6.4", False),
        ("pip", "tornado==6.*", "6.*", True),
        ("pip", "tornado<6.5", "<6.5", False),
        ("pip", "tornado @ git+https://git.example.org/tornado@v6.4", "", False),
        ("conda", "tornado=6", "6", True),
        ("conda", "tornado=6.4", "6.4", False),
        ("conda", "tornado>=6", ">=6", True),
        ("apt", "tornado=6.4-1", "6.4-1", False),
        ("apt", "tornado", "", True),
        ("npm", "tornado@^6.0.0", "^6.0.0", True),
    ],
)
def test_whether_an_entry_allows_a_fixed_version(installer: str, entry: str, stated: str, does: bool) -> None:
    assert admits(installer, entry, stated, ("6.5",)) is does
