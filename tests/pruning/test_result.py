"""How a prune says that it ended."""

from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.pruning.model import Gone, RepositoryPlan
from image_matrix.pruning.perform import DeletionOutcome
from image_matrix.pruning.result import WHOLE, result_of

RIGHTS = Failure("HTTP 404: Not Found", "give it the role Admin")


def plan(name: str, count: int = 2) -> RepositoryPlan:
    return RepositoryPlan(name, (), tuple(Gone(f"sha256:{one:064x}", (), "old") for one in range(count)), ())


def test_what_would_be_and_what_was_deleted() -> None:
    assert result_of([plan("r/a", 0)], None, {}).sentence == "nothing to delete"
    assert result_of([plan("r/a")], None, {}).sentence.startswith(
        "2 manifests would be deleted, which frees "
    )
    assert result_of([plan("r/a"), plan("r/b")], [DeletionOutcome(1), DeletionOutcome(1)], {}).sentence == (
        "2 of 4 manifests deleted"
    )
    done = result_of([plan("r/a")], [DeletionOutcome(2)], {})
    assert done.sentence.startswith("2 of 2 manifests deleted, which frees ")
    assert (done.notes, done.problem) == ((), None)


@pytest.mark.parametrize("outcomes", [None, [], [DeletionOutcome(2)]])
@pytest.mark.parametrize("count", [0, 2])
def test_a_repository_that_was_not_read_is_a_problem_of_each_end(
    count: int, outcomes: list[DeletionOutcome] | None
) -> None:
    problem = result_of(
        [plan("r/a", count)], outcomes, {"r/b": EnvironmentFailure("HTTP 502", "try again")}
    ).problem
    assert problem is not None
    assert (problem.message, problem.help) == ("stopped in r/b: HTTP 502", f"try again; {WHOLE}")


def test_what_the_registry_protects_is_a_note_and_no_problem() -> None:
    outcomes = [
        DeletionOutcome(0, protected={"a": "never", "b": "never"}, staying=1),
        DeletionOutcome(1, staying=2),
    ]
    result = result_of([plan("r/a", 6)], outcomes, {})
    assert result.notes == ("never", "what was not deleted keeps 3 more manifests: its images and signatures")
    assert result.problem is None


def test_each_failure_counts_and_each_remedy_is_said_once() -> None:
    outcomes = [
        DeletionOutcome(0, failed={"a": RIGHTS, "b": RIGHTS}),
        DeletionOutcome(1, failed={"a": RIGHTS}),  # of another repository
        DeletionOutcome(0, stopped={"r/c": EnvironmentFailure("HTTP 502", "try again")}),
        DeletionOutcome(0, stopped={"r/d": EnvironmentFailure("HTTP 502", "try again")}),
    ]
    problem = result_of([plan("r/a")], outcomes, {}).problem
    assert problem is not None
    assert problem.message.startswith("3 manifests could not be deleted: HTTP 404: Not Found, ")
    assert problem.message.endswith("; stopped in r/c, r/d: HTTP 502")
    assert problem.help == f"give it the role Admin; try again; {WHOLE}"
    assert problem.exit_code == 3
