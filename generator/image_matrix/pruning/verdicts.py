"""Judges single tags and manifests: what is needed, what may go, and what nobody can explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.annotations import REVISION
from image_matrix.pruning.tag_forms import CacheTag, ImageTag, LeftTag, read_tag
from image_matrix.publish.claims import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from image_matrix.pruning.model import Kind, Listing, RepositoryNeeds, Seen


@dataclass(frozen=True, slots=True)
class Stay:
    """It is needed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unexplained:
    """It stays, because nothing says what it is for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Go:
    """It is not needed."""

    kind: Kind
    reason: str


Verdict = Stay | Unexplained | Go


def of_tag(tag: str, seen: Seen, needs: RepositoryNeeds) -> Verdict:
    """Judge a tag that is not attached to an image."""
    if tag in needs.tags:
        return Stay(needs.tags[tag])
    if needs.unknown:
        return Stay(needs.unknown)
    form = read_tag(tag)
    if isinstance(form, LeftTag):
        return Go("left over", "its index is gone")
    if isinstance(form, CacheTag) and seen.is_cache:
        return Go("cache", f"no build of {form.label} reads it")
    if isinstance(form, ImageTag):
        return _of_image(form, seen, needs)
    return Unexplained("nothing that the matrix or a release names has this tag")


def _of_image(form: ImageTag, seen: Seen, needs: RepositoryNeeds) -> Verdict:
    """Judge a tag that has the form of ours. A tag by commit has the form of an index, but no key says so."""
    if form.label not in needs.labels:
        return Unexplained(f"no image has, or had, a variant {form.label}")
    if not form.arch and not seen.annotations.get(KEY, "").startswith(form.key):
        return Unexplained("its index has no such key")
    if needs.role == "staging":
        return Go("staging", "no open pull request has its key")
    return Go("candidate" if form.candidate else "old key", "its key is old")


def of_all(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what its tags make of a manifest: deletion by digest takes all of them, so one that stays decides."""
    return min(verdicts, key=lambda one: (Stay, Unexplained, Go).index(type(one)))


def of_untagged(seen: Seen) -> Verdict:
    """Judge a manifest that has no tag and that nothing needed lists."""
    if seen.is_cache:
        return Go("cache", "a later build has written the cache again")
    if KEY in seen.annotations or REVISION in seen.annotations:
        return Go("earlier build", "its tag names a later build")
    return Unexplained("it has no tag, and nothing lists it")


def aged(verdict: Verdict, digest: str, listing: Listing, before: datetime | None) -> Verdict:
    """Return the verdict with the age in mind; ``before`` is when the youngest that may go was written.

    ``None`` for ``before`` takes everything as old enough. What an earlier prune has left over has no age to wait for,
    nor has an index whose images are all gone: other programs delete what has no tag.
    """
    if not isinstance(verdict, Go) or before is None or verdict.kind == "left over":
        return verdict
    written, children = listing.dates.get(digest), listing.manifests[digest].children
    if written is None:
        lost = children and listing.absent.issuperset(children)
        return verdict if lost else Unexplained("its age is not known")
    return verdict if written < before else Stay("it is young")
