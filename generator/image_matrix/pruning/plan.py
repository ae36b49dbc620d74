"""Plans what goes from a repository: nothing that a release, a key, a pull request or somebody else's tag needs.

A registry deletes by digest, with all tags of the digest, so what is decided is about manifests. Everything that stays
protects what it lists, and what is attached to both. Pure: the caller has read the registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.pruning.freed import blobs_of
from image_matrix.pruning.model import Decision, Gone, RepositoryPlan
from image_matrix.pruning.order import in_order
from image_matrix.pruning.settling import Verdicts
from image_matrix.pruning.tag_forms import AttachedTag, LeftTag, read_tag
from image_matrix.pruning.verdicts import Go, Stay, Unexplained, Verdict, of_all, of_tag

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from image_matrix.pruning.model import Listing, RepositoryNeeds


def make_plan(
    repository: str, listing: Listing, needs: RepositoryNeeds, before: datetime | None
) -> RepositoryPlan:
    """Return the plan of a repository: only what was written before ``before`` goes; ``None`` is no limit."""
    tags = _tags_by_digest(listing)
    verdicts = Verdicts(listing)
    verdicts.add(_of_tags(listing, needs, tags))
    verdicts.keep_named(needs)
    verdicts.keep_wrappers()
    verdicts.keep_young(before)
    verdicts.keep_wrappers()
    verdicts.add_untagged(before)
    subjects = _subjects(listing, tags)
    verdicts.add_attached(subjects)
    return _plan(repository, verdicts, tags, subjects, needs)


def _tags_by_digest(listing: Listing) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for tag, digest in sorted(listing.tags.items()):
        tags.setdefault(digest, []).append(tag)
    return tags


def _of_tags(listing: Listing, needs: RepositoryNeeds, tags: Mapping[str, list[str]]) -> dict[str, Verdict]:
    """Return the verdicts on what has a tag that does not say that it belongs to something else.

    What an earlier prune gave a tag belongs to what lists it, or to its image, if that could not be deleted.
    """
    verdicts: dict[str, Verdict] = {}
    listed = {one for digest, seen in listing.manifests.items() for one in seen.children if one != digest}
    for digest, names in tags.items():
        seen = listing.manifests[digest]
        belongs = (AttachedTag, LeftTag) if seen.subject or digest in listed else (AttachedTag,)
        images = [name for name in names if not isinstance(read_tag(name), belongs)]
        if digest in needs.digests:
            verdicts[digest] = Stay(needs.digests[digest])
        elif images:
            verdicts[digest] = of_all(of_tag(tag, seen, needs) for tag in images)
    return verdicts


def _subjects(listing: Listing, tags: Mapping[str, list[str]]) -> dict[str, str]:
    """Return what is attached to an image, by its tag or by its own word, with the digest of the image."""
    named = {
        digest: form.subject
        for digest, names in tags.items()
        for name in names
        if isinstance(form := read_tag(name), AttachedTag)
    }
    stated = {digest: seen.subject for digest, seen in listing.manifests.items() if seen.subject}
    return {**stated, **named}


def _plan(
    repository: str,
    verdicts: Verdicts,
    tags: Mapping[str, list[str]],
    subjects: Mapping[str, str],
    needs: RepositoryNeeds,
) -> RepositoryPlan:
    keep, gone, unexplained = [], [], []
    for digest, verdict in verdicts.by_digest.items():
        names = tuple(sorted(tags.get(digest, ())))
        match verdict:
            case Stay(reason):
                keep.append(Decision(digest, names, reason))
            case Unexplained(reason):
                unexplained.append(Decision(digest, names, reason))
            case Go(kind, reason):
                gone.append(Gone(digest, names, reason, kind=kind))
    missing = tuple(sorted(needs.named & verdicts.listing.absent))
    lists = {one: verdicts.closure([one]) - {one} for one in verdicts.closure(verdicts.going())}
    delete = in_order(gone, lists, subjects, verdicts.kept)
    blobs = blobs_of(verdicts.listing, {digest for one in delete for digest in (one.digest, *one.parts)})
    return RepositoryPlan(repository, tuple(keep), delete, tuple(unexplained), missing, blobs)
