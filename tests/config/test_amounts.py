"""Amounts of CPU and memory in other notations, and which of them a pod can have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.config.amounts import as_amount, is_amount
from image_matrix.profiles.units import QUANTITIES, byte_count
from image_matrix.validate.profiles_pods import cpu_findings, memory_findings


@pytest.mark.parametrize(
    ("field", "text", "amount"),
    [
        ("cpu", "500m", 0.5),
        ("cpu", "2000m", 2),
        ("cpu", "0.5", 0.5),
        ("memory", "4GB", "4Gi"),
        ("memory", "1.5 g", "1.5Gi"),
        ("memory", "512Mi", "512Mi"),
        ("memory", "much", "much"),
        ("shm", "4GB", "4GB"),
        ("cpu", "9" * 400, "9" * 400),
    ],
)
def test_amounts_of_other_notations(field: str, text: str, amount: object) -> None:
    assert as_amount(field, text) == amount


@pytest.mark.parametrize("value", [1, 0.5, 999_999])
def test_cores(value: float) -> None:
    assert is_amount("cpu", value)


@pytest.mark.parametrize("value", [0, -1, True, "2", float("inf"), float("nan"), 10**400, 10**6, None])
def test_what_is_no_number_of_cores(value: object) -> None:
    assert not is_amount("cpu", value)
    assert [*cpu_findings(("cpu",), value)]


@pytest.mark.parametrize(
    "value", [4, "4", "0Gi", "4 Gi", "4G", "4gi", "9" * 400, "9" * 400 + "Gi", 10**400, True, None]
)
def test_what_is_no_memory(value: object) -> None:
    assert not is_amount("memory", value)
    assert [*memory_findings(("memory",), value, QUANTITIES)]


@given(
    st.integers(-(10**25), 10**25) | st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,3})?[KMGTi]{0,2}", fullmatch=True)
)
def test_memory_that_is_suggested_is_memory_that_is_taken(value: int | str) -> None:
    if is_amount("memory", value):
        assert [*memory_findings(("memory",), value, QUANTITIES)] == []
        assert byte_count(value) is not None
