"""Amounts of CPU and memory in other notations, and which of them a pod can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.config.amounts import MOST_MEMORY, as_amount, is_amount, is_too_much
from image_matrix.profiles.units import KUBESPAWNERS, QUANTITIES, byte_count
from image_matrix.validate.profiles_pods import cpu_findings, memory_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Finding
    from image_matrix.profiles.units import MemoryUnits


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


TOO_MUCH_MEMORY = [
    "999999999999999Ti",
    "9" * 400,
    "9" * 20 + "Gi",
    MOST_MEMORY,
    10**400,
    "999999999999999 TB",
]


@pytest.mark.parametrize("units", [QUANTITIES, KUBESPAWNERS])
@pytest.mark.parametrize("value", TOO_MUCH_MEMORY)
def test_memory_that_no_machine_has(value: object, units: MemoryUnits) -> None:
    finding = one(memory_findings(("memory",), value, units))
    assert finding.fields["problem"] == f"no machine has `{value}` of memory"


@pytest.mark.parametrize(
    "value", [1_000_000, 1e6, float("inf"), 10**400, "1000000", "9" * 400, "1000000000m"]
)
def test_cores_that_no_machine_has(value: object) -> None:
    assert one(cpu_findings(("cpu",), value)).fields["problem"] == f"no machine has `{value}` cores"


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (4, "write 4Gi or 4Mi"),
        ("512", "write 512Gi or 512Mi"),
        ("1048575", "write a number with Mi or Gi"),
        ("1.5", "write a number with Mi or Gi"),
    ],
)
def test_what_may_have_been_meant_by_a_few_bytes(value: object, advice: str) -> None:
    assert one(memory_findings(("memory",), value, QUANTITIES)).fields["advice"] == advice


def one(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


@given(
    st.integers(-(10**25), 10**25) | st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,3})?[KMGTi]{0,2}", fullmatch=True)
)
def test_memory_that_is_suggested_is_memory_that_is_taken(value: int | str) -> None:
    if is_amount("memory", value):
        assert [*memory_findings(("memory",), value, QUANTITIES)] == []
        assert byte_count(value) is not None
        assert not is_too_much("memory", value)


@given(st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,3})?[KMGT]i", fullmatch=True))
def test_memory_is_counted_alike(value: str) -> None:
    counted = QUANTITIES.reads(value) and (byte_count(value) or 0) >= MOST_MEMORY
    assert is_too_much("memory", value) or not counted
