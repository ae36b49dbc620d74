"""Deletes what a plan says, one manifest after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.errors import Failure
from image_matrix.github.packages import Protected
from image_matrix.pruning.order import without
from image_matrix.pruning.tag_forms import left_tag

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
    failed: Mapping[str, Failure] = field(default_factory=dict)
    """Why it is still there, by digest."""
    protected: Mapping[str, str] = field(default_factory=dict)
    """What the registry never deletes, with its reason."""
    held: frozenset[str] = frozenset()
    """Digests that stay: of what was refused, of all that it lists, and of what is attached to that."""
    staying: int = 0
    """How many of them would have gone, without what was refused itself."""
    stopped: Mapping[str, Failure] = field(default_factory=dict)
    """What ended it before its end, by repository."""


def delete_all(gone: Iterable[Gone], deletion: Deletion, held: Iterable[str] = ()) -> DeletionOutcome:
    """Delete manifests in their order, each with its parts; one that is refused stops no other that it does not need.

    What it lists stays with it, and so does what is attached to it. ``held`` is what stays since an earlier call.
    """
    deleted, staying, stays = 0, 0, {*held}
    failed, protected = dict[str, Failure](), dict[str, str]()
    for one in gone:
        allowed = next(iter(without([one], stays)), None)
        done, refusal = _delete(allowed, deletion) if allowed else ([], None)
        deleted += len(done)
        staying += 1 + len(one.parts) - len(done) - (refusal is not None)
        if refusal or not allowed:
            stays |= {one.digest, *one.lists} - {*done}
        if refusal and allowed:
            refused = (allowed.digest, *allowed.parts)[len(done)]
            if isinstance(refusal, Protected):
                protected[refused] = refusal.message
            else:
                failed[refused] = refusal
    return DeletionOutcome(deleted, failed, protected, frozenset(stays), staying)


def _delete(one: Gone, deletion: Deletion) -> tuple[list[str], Failure | None]:
    """Delete a manifest, then its parts; return what is gone, and what ended it.

    By then, its parts and what is attached to them have a tag: a prune that breaks off finds them again.
    """
    done: list[str] = []
    try:
        for rest in (*one.parts, *one.attached):
            deletion.mark(rest)
        for digest, tags in [(one.digest, one.tags), *((part, (left_tag(part),)) for part in one.parts)]:
            deletion.delete(digest, tags)
            done.append(digest)
    except Failure as refusal:
        return done, refusal
    return done, None
