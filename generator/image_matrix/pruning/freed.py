"""Counts the bytes that a prune frees: of blobs that nothing needs that stays, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.pruning.model import RepositoryBlobs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.pruning.model import Listing, RepositoryPlan


@dataclass(frozen=True, slots=True)
class FreedBytes:
    """How much becomes free, when the registry collects its garbage."""

    count: int
    is_at_least: bool = True
    """Whether it is so much or more: everything that stays was read."""
    is_at_most: bool = True
    """Whether it is so much or less: everything that goes was read."""

    @property
    def is_exact(self) -> bool:
        """Whether everything was read."""
        return self.is_at_least and self.is_at_most


def blobs_of(listing: Listing, gone: Collection[str]) -> RepositoryBlobs:
    """Return what the manifests of a repository need: those that are ``gone``, and the others."""
    known = {**listing.parts, **listing.manifests}
    unread = {child for seen in known.values() for child in seen.children} - known.keys() - listing.absent
    going = {digest: size for name in gone if name in known for digest, size in known[name].blobs.items()}
    kept = frozenset(digest for name, seen in known.items() if name not in gone for digest in seen.blobs)
    return RepositoryBlobs(going, kept, unread.isdisjoint(gone), unread <= {*gone})


def freed_bytes(plans: Iterable[RepositoryPlan], beside: Iterable[RepositoryPlan] = ()) -> FreedBytes:
    """Return what repositories free together: registries have a blob once, whichever repositories need it.

    What stays in those ``beside`` them frees nothing, either.
    """
    every = [plan.blobs for plan in plans]
    staying = [*every, *(plan.blobs for plan in beside)]
    gone = {
        digest: size
        for one in every
        for digest, size in one.gone.items()
        # many repositories keep much more than one of them loses: no set of all is made for each
        if not any(digest in other.kept for other in staying)
    }
    return FreedBytes(
        sum(gone.values()),
        is_at_least=all(one.is_kept_known for one in staying),
        is_at_most=all(one.is_gone_known for one in every),
    )
