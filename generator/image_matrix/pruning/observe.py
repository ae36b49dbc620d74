"""Reads from a registry what a plan needs to know of a repository: one listing, then each manifest once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from image_matrix.pruning.manifests import newest, read_seen, stated, written
from image_matrix.pruning.model import Listing
from image_matrix.pruning.tag_forms import AttachedTag, read_tag
from image_matrix.publish.indexes import CREATED
from image_matrix.registry.attached import referrers
from image_matrix.registry.client import CONCURRENCY
from image_matrix.registry.repositories import list_tags, read, read_blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from image_matrix.github.packages import Version
    from image_matrix.pruning.model import RepositoryNeeds, RepositoryPlan, Seen
    from image_matrix.registry.client import Registry

_T = TypeVar("_T")
_R = TypeVar("_R")


def by_tags(registry: Registry, repository: str) -> Listing:
    """Return what a registry lists: the tags. Raises :class:`EnvironmentFailure`."""
    answers = _each(lambda tag: _seen(registry, repository, tag), list_tags(registry, repository))
    tags = {tag: seen.digest for tag, seen in answers.items() if seen}
    return Listing(tags, {seen.digest: seen for seen in answers.values() if seen})


def by_versions(registry: Registry, repository: str, versions: Sequence[Version]) -> Listing:
    """Return what GitHub lists: all manifests, also those without a tag, with dates.

    Raises :class:`EnvironmentFailure`.
    """
    answers = _each(
        lambda digest: _seen(registry, repository, digest), (version.digest for version in versions)
    )
    manifests = {digest: seen for digest, seen in answers.items() if seen}
    known = [version for version in versions if version.digest in manifests]
    return Listing(
        {tag: version.digest for version in known for tag in version.tags},
        manifests,
        frozenset(version.digest for version in known if not version.tags),
        {version.digest: version.updated for version in known},
    )


def completed(registry: Registry, repository: str, listing: Listing, needs: RepositoryNeeds) -> Listing:
    """Return the listing with what releases name without a tag, and with which images are gone that others belong to.

    Raises :class:`EnvironmentFailure`.
    """
    listed = {child for seen in listing.manifests.values() for child in seen.children}
    asked = (needs.named | _subjects(listing)) - listing.manifests.keys() - listed
    answers = _each(lambda digest: _seen(registry, repository, digest), asked)
    named = {digest: seen for digest, seen in answers.items() if seen and digest in needs.named}
    absent = frozenset(digest for digest, seen in answers.items() if seen is None)
    return replace(listing, manifests={**listing.manifests, **named}, absent=absent)


def _subjects(listing: Listing) -> set[str]:
    """Return the digests that something is attached to."""
    forms = (read_tag(tag) for tag in listing.tags)
    tagged = {form.subject for form in forms if isinstance(form, AttachedTag)}
    return tagged | {seen.subject for seen in listing.manifests.values() if seen.subject}


def dated(registry: Registry, repository: str, listing: Listing, most: RepositoryPlan) -> Listing:
    """Return the listing with the dates of what could go, with parts that say them, and with what is attached to that.

    ``most`` is the plan without a limit. Raises :class:`EnvironmentFailure`.
    """
    undated = [
        one.digest for one in most.delete if one.digest not in listing.dates and one.kind != "signature"
    ]
    moments = _each(lambda digest: _date(registry, repository, listing.manifests[digest]), undated)
    dates = {digest: date for digest, (date, _) in moments.items() if date}
    parts = {part: seen for _, read_now in moments.values() for part, seen in read_now.items()}
    listing = replace(
        listing,
        dates={**listing.dates, **dates},
        absent=listing.absent | {part for part, seen in parts.items() if seen is None},
        parts={part: seen for part, seen in parts.items() if seen},
    )
    return _with_referrers(registry, repository, listing, most)


def _date(
    registry: Registry, repository: str, seen: Seen
) -> tuple[datetime | None, Mapping[str, Seen | None]]:
    """Return when an image was written, and what was read of its parts for that; ``None`` for one that is gone.

    An image says it by its own word, or it is the newest moment of those that it lists.
    """
    if seen.config:
        return written(read_blob(registry, repository, seen.config)), {}
    if date := stated(seen, CREATED):
        return date, {}
    children = {child: _seen(registry, repository, child) for child in seen.children}
    below = [_date(registry, repository, child) for child in children.values() if child]
    parts = {part: one for _, of_child in below for part, one in of_child.items()}
    return newest(date for date, _ in below), {**parts, **children}


def _with_referrers(registry: Registry, repository: str, listing: Listing, most: RepositoryPlan) -> Listing:
    """Return the listing with the referrers of what could go, from a registry that lists them."""
    going = [digest for one in most.delete for digest in (one.digest, *one.parts)]
    if not going or referrers(registry, f"{repository}@{going[0]}") is None:
        return listing
    attached = _each(lambda digest: referrers(registry, f"{repository}@{digest}"), going)
    new = {one.digest for listed in attached.values() for one in listed or ()} - listing.manifests.keys()
    read_now = {
        one: seen for one, seen in _each(lambda one: _seen(registry, repository, one), new).items() if seen
    }
    manifests: Mapping[str, Seen] = {**listing.manifests, **read_now}
    return replace(listing, manifests=manifests, untagged=listing.untagged | read_now.keys())


def _seen(registry: Registry, repository: str, version: str) -> Seen | None:
    answer = read(registry, repository, version)
    return read_seen(*answer) if answer else None


def _each(ask: Callable[[_T], _R], items: Iterable[_T]) -> dict[_T, _R]:
    every = list(dict.fromkeys(items))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        return dict(zip(every, pool.map(ask, every), strict=True))
