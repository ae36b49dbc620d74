"""Deletes what a plan says, one manifest after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.errors import Failure
from image_matrix.github.packages import Protected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from image_matrix.pruning.model import Gone


@dataclass(frozen=True, slots=True)
class Deletion:
    """What deletes in one repository; each may raise :class:`Failure`."""

    delete: Callable[[str, tuple[str, ...]], None]
    """Deletes a digest, which has these tags."""
    mark: Callable[[str], None]
    """Gives a manifest a tag by which the next prune finds it."""


@dataclass(frozen=True, slots=True)
class DeletionOutcome:
    """What was deleted, and what the registry refused."""

    deleted: int
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why it is still there, by digest."""
    protected: Mapping[str, str] = field(default_factory=dict)
    """What the registry never deletes, with its reason."""


def delete_all(gone: Iterable[Gone], deletion: Deletion) -> DeletionOutcome:
    """Delete manifests in their order, each with its parts; one that is refused keeps its parts and stops no other."""
    deleted, failed, protected = 0, dict[str, str](), dict[str, str]()
    for one in gone:
        try:
            for count in _delete(one, deletion):
                deleted += count
        except Protected as refusal:
            protected[one.digest] = refusal.message
        except Failure as failure:
            failed[one.digest] = failure.message
    return DeletionOutcome(deleted, failed, protected)


def _delete(one: Gone, deletion: Deletion) -> Iterable[int]:
    """Delete a manifest, then its parts, which have a tag by then: a prune that breaks off finds them again."""
    for part in one.parts:
        deletion.mark(part)
    deletion.delete(one.digest, one.tags)
    yield 1
    for part in one.parts:
        deletion.delete(part, ())
        yield 1
