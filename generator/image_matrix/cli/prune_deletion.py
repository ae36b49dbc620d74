"""Deletes what was planned, and looks again and again whether it still goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from image_matrix.cli.prune_needs import Heads, KnownNeeds
    from image_matrix.cli.prune_stores import Store
    from image_matrix.cli.session import Session
    from image_matrix.pruning.model import RepositoryPlan
    from image_matrix.pruning.perform import DeletionOutcome

AT_ONCE = 50
"""Manifests, with their parts, that are deleted before branches and pull requests are looked at again."""


@dataclass(slots=True)
class Latest:
    """What is known of what must stay, read again whenever something has moved; each may raise :class:`Failure`."""

    needed: KnownNeeds
    look: Callable[[], Heads]
    """Returns what it is read from, as it is now."""
    read: Callable[[], KnownNeeds]

    def moved(self) -> bool:
        """Return whether something has moved since it was read; if so, it was read again."""
        if self.look() == self.needed.heads:
            return False
        self.needed = self.read()
        return True


def delete_planned(
    session: Session,
    store: Store,
    plans: Iterable[RepositoryPlan],
    planned: Callable[[str], RepositoryPlan],
    moved: Callable[[], bool],
) -> list[DeletionOutcome]:
    """Delete what goes by the plans, and still goes when its turn comes; each manifest is tried once.

    A failure ends it in one repository, and is in the outcomes.
    """
    return [
        outcome
        for plan in plans
        if plan.delete
        for outcome in _in_repository(session, store, plan, planned, moved)
    ]


def _in_repository(
    session: Session,
    store: Store,
    plan: RepositoryPlan,
    planned: Callable[[str], RepositoryPlan],
    moved: Callable[[], bool],
) -> Iterator[DeletionOutcome]:
    from image_matrix.errors import Failure
    from image_matrix.pruning.order import still_going
    from image_matrix.pruning.perform import DeletionOutcome, delete_all

    try:
        moved()
        gone = still_going(plan.delete, planned(plan.repository).delete)
        deletion, held = store.deletion(plan.repository) if gone else None, frozenset[str]()
        while gone and deletion:
            with span("delete", repository=plan.repository):
                outcome = delete_all(gone[:AT_ONCE], deletion, held)
            yield outcome
            gone, held = gone[AT_ONCE:], outcome.held
            say(session, f"{plan.repository}: {sum(1 + len(one.parts) for one in gone)} to go")
            if gone and moved():
                gone = still_going(gone, planned(plan.repository).delete)
    except Failure as failure:
        yield DeletionOutcome(0, stopped={plan.repository: failure})
