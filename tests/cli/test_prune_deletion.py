"""What was planned is deleted in batches, between which the world is looked at again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from image_matrix.cli.prune_deletion import AT_ONCE, Latest, delete_planned
from image_matrix.cli.prune_needs import Heads, KnownNeeds
from image_matrix.cli.prune_stores import Store
from image_matrix.cli.session import Session
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.pruning.model import Gone, Listing, RepositoryPlan
from image_matrix.pruning.needs import Released
from image_matrix.pruning.perform import Deletion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from image_matrix.config.model import Matrix
    from image_matrix.pruning.perform import DeletionOutcome

NAME = "registry.example.org/team/base"
SESSION = Session(Path(), "matrix.yaml", (), -1)


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def plan_of(numbers: Collection[int], name: str = NAME) -> RepositoryPlan:
    gone = tuple(Gone(digest(one), (f"t{one}",), "its key is old", kind="old key") for one in numbers)
    return RepositoryPlan(name, (), gone, ())


class Tried:
    """A registry that says what it was asked to delete, and refuses some of that."""

    def __init__(self, refused: Collection[str] = ()) -> None:
        self.digests: list[str] = []
        self.refused = refused

    def __call__(self, digest: str, _tags: tuple[str, ...]) -> None:
        self.digests.append(digest)
        assert len(self.digests) < 1000, "it has no end"
        if digest in self.refused:
            raise Failure(f"{digest}: not for you")

    def store(self) -> Store:
        return Store(lambda _name: Listing({}, {}), lambda _name: Deletion(self, lambda _digest: None))


def deleted(
    tried: Tried,
    plan: RepositoryPlan,
    planned: Callable[[str], RepositoryPlan],
    moved: Callable[[], bool] = lambda: True,
) -> list[DeletionOutcome]:
    return delete_planned(SESSION, tried.store(), [plan], planned, moved)


def test_what_was_refused_is_not_tried_again_when_a_branch_has_moved() -> None:
    """More than a batch of it: it would be planned first, again and again."""
    plan = plan_of(range(2 * AT_ONCE + 20))
    tried = Tried({one.digest for one in plan.delete[: AT_ONCE + 5]})
    outcomes = deleted(tried, plan, lambda _name: plan)
    assert tried.digests == [one.digest for one in plan.delete]
    assert sum(one.deleted for one in outcomes) == AT_ONCE + 15


def test_what_an_index_lists_that_was_refused_stays_after_another_look() -> None:
    plan = plan_of(range(2 * AT_ONCE))
    index = replace(plan.delete[0], lists=(digest(2 * AT_ONCE - 1),))
    plan = replace(plan, delete=(index, *plan.delete[1:]))
    tried = Tried({index.digest})
    deleted(tried, plan, lambda _name: plan)
    assert tried.digests == [one.digest for one in plan.delete[:-1]]


def test_what_one_look_keeps_stays_whatever_a_later_look_says() -> None:
    plan, looks = plan_of(range(3 * AT_ONCE)), iter([3 * AT_ONCE, 3 * AT_ONCE - 1, 3 * AT_ONCE])
    tried = Tried()
    deleted(tried, plan, lambda _name: plan_of(range(next(looks))))
    assert tried.digests == [one.digest for one in plan.delete[:-1]]


def test_a_failure_ends_one_repository_and_keeps_what_was_done() -> None:
    """Before the first batch, after it, and when the registry is asked whether it deletes."""
    names = [f"registry.example.org/team/{name}" for name in "abcd"]
    plans, tried = [plan_of(range(AT_ONCE + 1), name) for name in names], Tried()
    looks: list[str] = []

    def planned(name: str) -> RepositoryPlan:
        looks.append(name)
        if name == names[0] or (name == names[1] and looks.count(name) == 2):
            raise EnvironmentFailure(f"{name}: HTTP 502", "try again")
        return next(plan for plan in plans if plan.repository == name)

    def deletion(name: str) -> Deletion:
        if name == names[2]:
            raise EnvironmentFailure("it deletes nothing")
        return Deletion(tried, lambda _digest: None)

    store = Store(lambda _name: Listing({}, {}), deletion)
    outcomes = delete_planned(SESSION, store, plans, planned, lambda: True)
    assert [one.deleted for one in outcomes] == [0, AT_ONCE, 0, 0, AT_ONCE, 1]
    assert [name for one in outcomes for name in one.stopped] == names[:3]


@pytest.mark.parametrize(
    "other",
    [
        Heads({"release": "b"}, {7: "c"}, None),
        Heads({"release": "a", "stable": "a"}, {7: "c"}, None),
        Heads({"release": "a"}, {7: "d"}, None),
        Heads({"release": "a"}, {7: "c", 8: "d"}, None),
        Heads({"release": "a"}, {}, None),
        Heads({"release": "a"}, {}, "GitHub does not answer"),
    ],
)
def test_what_has_moved_once_has_not_moved_again(other: Heads) -> None:
    first = Heads({"release": "a"}, {7: "c"}, None)
    needs, seen = KnownNeeds(cast("Matrix", None), first, (), (), Released(), None), [first]
    latest = Latest(needs, lambda: seen[-1], lambda: replace(needs, heads=seen[-1]))
    assert not latest.moved()
    seen.append(other)
    assert [latest.moved() for _ in range(3)] == [True, False, False]
    assert latest.needed.heads == other
    seen.append(first)
    assert [latest.moved() for _ in range(2)] == [True, False]
