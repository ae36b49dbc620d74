from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.validate.cron import FIELDS, CronField, cron_faults

MANY = "9" * 5000
"""More digits than `int` reads (docs.python.org, "Integer string conversion length limitation")."""


def problems(schedule: str) -> list[str]:
    return [str(finding.fields["problem"]) for finding in cron_faults(("workflow",), schedule)]


@pytest.mark.parametrize(
    "schedule",
    ["23 3 * * MON", "0 0 1 jan,JUL *", "0 0 * * mon-Fri/2", "0 0 * * SUN-6", "*/59 */23 */31 */12 */6"],
)
def test_what_github_takes(schedule: str) -> None:
    assert problems(schedule) == []


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("0 0 * * FRI-MON", "`FRI-MON` is not a valid day of a week"),
        ("0 0 * MON *", "`MON` is not a valid month"),
        ("0 MON * * *", "`MON` is not a valid hour"),
        ("0 0 * * MONDAY", "`MONDAY` is not a valid day of a week"),
        ("0 0 * * */MON", "`*/MON` is not a valid day of a week"),
        ("0 0 * * 7", "`7` is not a valid day of a week"),
        ("*/60 0 * * *", "`*/60` is not a valid minute"),
        ("*/0 0 * * *", "`*/0` is not a valid minute"),
        ("1,,2 0 * * *", "`` is not a valid minute"),
        (f"{MANY} 0 * * *", f"`{MANY}` is not a valid minute"),
        (f"0-{MANY} 0 * * *", f"`0-{MANY}` is not a valid minute"),
        (f"*/{MANY} 0 * * *", f"`*/{MANY}` is not a valid minute"),
    ],
)
def test_what_github_refuses(schedule: str, problem: str) -> None:
    assert problems(schedule) == [problem]


@pytest.mark.parametrize(
    "schedule", ["0 3 30 2 *", "0 3 31 4,jun-JUN,9/2 *", "0 0 30-31 FEB *", "0 0 30/1 2 *"]
)
def test_a_schedule_that_never_comes(schedule: str) -> None:
    _, _, day, month, _ = schedule.split()
    assert problems(schedule) == [f"it never runs: no month `{month}` has a day `{day}`"]


@pytest.mark.parametrize(
    "schedule", ["0 3 29 2 *", "0 3 30 2 MON", "0 3 1,31 4 *", "0 3 31 */2 *", "0 3 31 */1 *", "0 3 */30 2 *"]
)
def test_a_schedule_that_comes_at_times(schedule: str) -> None:
    assert problems(schedule) == []


def test_only_fields_with_names_offer_them() -> None:
    hour, day = cron_faults((), "0 x * * x")
    assert str(hour.fields["advice"]) == "write numbers from 0 to 23, a range such as 0-23, `*` or `*/2`"
    assert str(day.fields["advice"]).startswith("write numbers from 0 to 6 or names from SUN to SAT, a range")


@given(st.sampled_from(FIELDS), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_what_both_ends_are(field: CronField, first: int, last: int) -> None:
    assert field.accepts(f"{first}-{last}") == (
        field.accepts(str(first)) and field.accepts(str(last)) and first <= last
    )
