"""Puts what goes into an order that may break off anywhere, and in which anything may be refused.

An index goes before its images: some registries refuse to delete what an index still lists, and a tag whose images are
gone would count as built and tested. What is attached goes after its image: an image that stays keeps its signatures.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.pruning.model import Gone


def in_order(
    gone: Iterable[Gone],
    lists: Mapping[str, Collection[str]],
    subjects: Mapping[str, str],
    kept: Collection[str],
) -> tuple[Gone, ...]:
    """Return what goes in order, each with its parts: what it alone lists, or what it is the last one to list.

    ``lists`` has all that each manifest lists, and what that lists, by digest; ``subjects`` the image that something
    is attached to. Nothing in ``kept`` becomes a part.
    """
    ordered = _ordered([_placed(one, lists, subjects) for one in gone])
    takers = {part: one.digest for one in ordered for part in one.lists}
    takers |= {one.digest: one.digest for one in ordered}
    parts, attached = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for part, digest in sorted(takers.items(), key=lambda item: (-len(lists[item[0]]), item[0])):
        if part != digest and part not in kept:
            parts[digest].append(part)
    for one in ordered:
        if one.subject in takers and not one.tags:
            attached[takers[one.subject]].append(one.digest)
    return tuple(
        replace(one, parts=tuple(parts[one.digest]), attached=tuple(attached[one.digest])) for one in ordered
    )


def _placed(one: Gone, lists: Mapping[str, Collection[str]], subjects: Mapping[str, str]) -> Gone:
    """Return it with all that it lists, and its subject; one that it lists itself does not come before it."""
    subject = subjects.get(one.digest)
    below = tuple(sorted(lists[one.digest]))
    return replace(one, lists=below, subject=None if subject in (one.digest, *below) else subject)


def _ordered(gone: Sequence[Gone]) -> list[Gone]:
    """Return each after all that list it, and after the image that it is attached to with all that list that."""
    listers = defaultdict[str, set[str]](set)
    for one in gone:
        for digest in (one.digest, *one.lists):
            listers[digest].add(one.digest)
    before = {
        one.digest: (listers[one.digest] | listers.get(one.subject or "", set())) - {one.digest}
        for one in gone
    }
    rest, done = sorted(gone, key=lambda one: one.name), set[str]()
    ordered: list[Gone] = []
    while rest:
        ready = [
            one for one in rest if before[one.digest] <= done
        ] or rest  # two before each other: any order
        ordered += ready
        done |= {one.digest for one in ready}
        rest = [one for one in rest if one.digest not in done]
    return ordered


def still_going(planned: Iterable[Gone], now: Iterable[Gone]) -> tuple[Gone, ...]:
    """Return what goes by both plans, as the newer one has it; what only that one deletes keeps all that it needs."""
    now = tuple(now)
    agreed = {digest for one in planned for digest in (one.digest, *one.parts)}
    held = {digest for one in now if one.digest not in agreed for digest in (one.digest, *one.lists)}
    return tuple(
        replace(one, parts=_those(one.parts, agreed), attached=_those(one.attached, agreed))
        for one in without(now, held)
    )


def without(gone: Iterable[Gone], held: Collection[str]) -> tuple[Gone, ...]:
    """Return what goes, in order, if ``held`` stays: nothing of that, and nothing that is attached to it."""
    stays, rest = {*held}, []
    for one in gone:
        if one.digest in stays or one.subject in stays:
            stays |= {one.digest, *one.lists}
        else:
            rest.append(replace(one, parts=tuple(part for part in one.parts if part not in stays)))
    return tuple(rest)


def _those(digests: Iterable[str], agreed: Collection[str]) -> tuple[str, ...]:
    return tuple(digest for digest in digests if digest in agreed)
