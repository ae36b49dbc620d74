from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.orders import Work, bound, generated, rows, scenarios
from bench.schedule import Task, makespan
from tests.workflow.matrices import loaded, reference


@pytest.fixture(scope="module")
def work() -> Work:
    found = loaded(reference())
    return Work(found.matrix, found.variants)


def test_a_chain_takes_its_sum_and_free_runners_do_not_help() -> None:
    tasks = [Task("a", (3,)), Task("b", (4,), ("a",)), Task("c", (5,), ("b",))]
    assert makespan(tasks, 1) == makespan(tasks, 9) == 12


def test_a_job_waits_for_every_leg_of_what_it_needs() -> None:
    tasks = [Task("a", (1, 10)), Task("b", (1,), ("a",))]
    assert makespan(tasks, 2) == 11
    assert makespan(tasks, 1) == 12


def test_what_waits_longest_goes_first() -> None:
    tasks = [Task("a", (1,)), Task("long", (10,)), Task("b", (1,), ("a",))]
    assert makespan(tasks, 1) == 12
    assert makespan([], 3) == 0


@pytest.mark.slow
@given(st.lists(st.floats(1, 1000), min_size=1, max_size=30), st.integers(1, 40))
def test_greedy_is_within_its_known_limits(seconds: list[float], runners: int) -> None:
    """Graham's bound: at most twice the larger of the longest task and the work shared out."""
    found = makespan([Task("a", tuple(seconds))], runners)
    least = max(*seconds, sum(seconds) / runners)
    assert least - 1e-6 <= found <= 2 * least + 1e-6


@pytest.mark.parametrize("runners", [20, 40, 60])
def test_the_generated_workflow_is_near_the_bound(work: Work, runners: int) -> None:
    for row in rows(work, [runners]):
        assert row.generated <= 1.05 * row.bound, row
        assert row.generated <= row.layers + 1e-6
        assert row.generated <= row.rebuild_all + 1e-6


def test_nothing_to_do_is_the_plan_and_the_release(work: Work) -> None:
    expected = work.durations.plan + work.durations.release
    assert makespan(generated(work, ()), 20) == bound(work, (), 20) == expected


def test_scenarios_name_what_changes(work: Work) -> None:
    found = scenarios(work)
    assert [len(found[name]) for name in ("everything", "nothing")] == [len(work.legs()), 0]
    assert len(found["base changed"]) < len(found["everything"])
