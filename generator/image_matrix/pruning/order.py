"""Puts what goes into an order that may break off anywhere.

What is attached goes before its image, by which it is found. An index goes before its images: some registries refuse
to delete what an index still lists, and a tag whose images are gone would count as built and tested.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.pruning.model import Gone, RepositoryPlan


def in_order(
    gone: Iterable[Gone], closures: Mapping[str, Collection[str]], kept: Collection[str]
) -> tuple[Gone, ...]:
    """Return what goes in order, each with its parts: what it alone lists, or what it is the last one to list.

    ``closures`` has what each lists, by digest; nothing in ``kept`` becomes a part.
    """
    listed = {digest for one in gone for digest in closures[one.digest] if digest != one.digest}
    ordered = sorted(gone, key=lambda one: (one.kind != "signature", one.digest in listed, one.name))
    roots = {one.digest for one in ordered}
    last = {part: one.digest for one in ordered for part in closures[one.digest]}
    parts: dict[str, list[str]] = {}
    for part, digest in sorted(last.items()):
        if part not in roots and part not in kept:
            parts.setdefault(digest, []).append(part)
    return tuple(replace(one, parts=tuple(parts.get(one.digest, ()))) for one in ordered)


def still_going(planned: RepositoryPlan, now: RepositoryPlan) -> tuple[Gone, ...]:
    """Return what goes by both plans, as the newer one has it."""
    agreed = {digest for one in planned.delete for digest in (one.digest, *one.parts)}
    return tuple(replace(one, parts=_those(one.parts, agreed)) for one in now.delete if one.digest in agreed)


def _those(parts: Sequence[str], agreed: Collection[str]) -> tuple[str, ...]:
    return tuple(part for part in parts if part in agreed)
