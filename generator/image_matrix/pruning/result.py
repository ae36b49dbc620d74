"""Says how a prune ended: what it did, what stays for that, and what it could not do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.pruning.freed import freed_bytes
from image_matrix.pruning.report import freed_words, total
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.pruning.model import RepositoryPlan
    from image_matrix.pruning.perform import DeletionOutcome

WHOLE = "what is left is whole: a later prune goes on with it"


@dataclass(frozen=True, slots=True)
class PruneEnd:
    """The end of a prune."""

    sentence: str
    """``81 of 81 manifests deleted, which frees at most 4.1 GB``"""
    notes: tuple[str, ...] = ()
    problem: EnvironmentFailure | None = None
    """What could not be done."""


def result_of(
    plans: Sequence[RepositoryPlan],
    outcomes: Sequence[DeletionOutcome] | None,
    unread: Mapping[str, EnvironmentFailure],
) -> PruneEnd:
    """Return how it ended; without ``outcomes``, nothing was to be deleted.

    ``unread`` are repositories without a plan, with what failed.
    """
    problem = _problem(outcomes or (), unread)
    count, frees = plural(total(plans), "manifest"), f", which frees {freed_words(freed_bytes(plans))}"
    if not total(plans):
        return PruneEnd("nothing to delete", problem=problem)
    if outcomes is None:
        return PruneEnd(f"{count} would be deleted{frees}; --delete deletes them", problem=problem)
    deleted = sum(one.deleted for one in outcomes)
    sentence = f"{deleted} of {count} deleted{frees if deleted == total(plans) else ''}"
    return PruneEnd(sentence, tuple(_notes(outcomes)), problem)


def _notes(outcomes: Sequence[DeletionOutcome]) -> list[str]:
    reasons = dict.fromkeys(reason for one in outcomes for reason in one.protected.values())
    staying = sum(one.staying for one in outcomes)
    more = plural(staying, "more manifest")
    return [*reasons, *([f"what was not deleted keeps {more}: its images and signatures"] if staying else [])]


def _problem(
    outcomes: Sequence[DeletionOutcome], unread: Mapping[str, EnvironmentFailure]
) -> EnvironmentFailure | None:
    """Return what failed, each reason once, with what to do about each."""
    failed = [failure for one in outcomes for failure in one.failed.values()]
    stopped = {**unread, **{name: failure for one in outcomes for name, failure in one.stopped.items()}}
    reasons: dict[str, list[str]] = {}
    for name, failure in stopped.items():
        reasons.setdefault(failure.message, []).append(name)
    problems = [f"stopped in {listed(names, 3)}: {reason}" for reason, names in reasons.items()]
    if failed:
        messages = listed((one.message for one in failed), 3)
        problems.insert(0, f"{plural(len(failed), 'manifest')} could not be deleted: {messages}")
    helps = dict.fromkeys(one.help for one in (*failed, *stopped.values()) if one.help)
    return EnvironmentFailure("; ".join(problems), "; ".join([*helps, WHOLE])) if problems else None
