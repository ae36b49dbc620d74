from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.planning.schedule import Task, makespan
from image_matrix.planning.simulate import (
    PARTS,
    Durations,
    Work,
    bound,
    generated,
    names_of,
    read_durations,
    rows,
    scenarios,
)
from tests.workflow.matrices import HOME, loaded, reference

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def work() -> Work:
    found = loaded(reference())
    return Work(found.matrix, found.variants, Durations())


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


def ran(tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    (tmp_path / "matrix.yaml").write_text((HOME / "matrix.yaml").read_text())
    command = [sys.executable, "-m", "image_matrix", "-C", str(tmp_path), "simulate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_the_table_fits_a_terminal_and_explains_itself(tmp_path: Path) -> None:
    code, out, err = ran(tmp_path, "--runners", "20", "--runners", "40")
    assert code == 0
    assert out.count("minutes with") == 2
    assert "minutes with 40 runners\nchanged " in out
    shown = [line for line in f"{out}{err}".splitlines() if not line.startswith("note:")]
    assert max(len(line) for line in shown) <= 80
    for word in ("workflow", "bound", "layers", "trees", "all"):
        assert f"  {word}" in out
        assert f"\n{word} " in err


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('{"jupiter": 3}', "did you mean `jupyter`?"),
        ('{"jupyter": -3}', "`jupyter` has -3"),
        ('{"jupyter": NaN}', "`jupyter` has NaN"),
        ('{"jupyter": true}', "`jupyter` has true"),
        ('{"jupyter": "3"}', '`jupyter` has "3"'),
        ("[1]", "not an object"),
        ("{", "is not JSON"),
    ],
)
def test_durations_that_cannot_be_meant(tmp_path: Path, said: str, problem: str) -> None:
    (tmp_path / "durations.json").write_text(said)
    code, out, err = ran(tmp_path, "--durations", str(tmp_path / "durations.json"))
    assert (code, out) == (2, "")
    assert problem in err


def test_every_name_of_a_duration_counts() -> None:
    found = loaded(reference()).variants
    for name in names_of(found) - set(PARTS):
        said = read_durations({name: 12345})
        assert any(
            said.build(item, platform) == 12345 for item in found.values() for platform in item.platforms
        ), name


def test_measured_durations_win() -> None:
    said = read_durations({"plan": 10, "jupyter-scipy": 700, "jupyter-scipy:python3.11-arm64": 900})
    assert said.plan == 10
    found = loaded(reference()).variants
    assert said.build(found["jupyter-scipy:python3.13"], "linux/amd64") == 700
    assert said.build(found["jupyter-scipy:python3.11"], "linux/arm64") == 900
    assert said.build(found["base:python3.13"], "linux/amd64") > 0
