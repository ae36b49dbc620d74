"""Copies a release to other registries: indexes by digest, their signatures, and the moving tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.registry.answers import Digest
from image_matrix.registry.reference import parse_reference
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from image_matrix.publish.indexes import Index
    from image_matrix.registry.answers import Answer

SHOWN = 3
"""Failures that are shown in full."""


@dataclass(frozen=True, slots=True)
class Copy:
    """An index in another registry."""

    source: str
    repository: str
    """Full repository there."""
    tags: tuple[str, ...]
    variant: str
    """Id of the variant."""

    @property
    def image(self) -> str:
        """Repository and digest there."""
        return f"{self.repository}@{self.digest}"

    @property
    def digest(self) -> str:
        """The digest, which is the same in all registries."""
        return self.source.partition("@")[2]

    @property
    def references(self) -> list[str]:
        """The full reference of each tag, the immutable one first."""
        return [f"{self.repository}:{tag}" for tag in self.tags]


@dataclass(frozen=True, slots=True)
class CopyTools:
    """What copies: each may raise :class:`Failure`."""

    digests: Callable[[Iterable[str]], Mapping[str, Answer]]
    """Returns what registries say of tags."""
    point: Callable[[str, str], None]
    """Points a tag to ``repository@digest``, which is copied if it is in another repository."""
    sign: Callable[[Copy], None]
    """Signs a copy, if it has no valid signature."""
    each: Callable[[Callable[[Copy], str | None], Iterable[Copy]], list[str | None]]
    """Applies a function to several copies at the same time."""


def copies_of(
    paths: Sequence[str], indexes: Iterable[Index], digests: Mapping[str, str], moving: Mapping[str, str]
) -> list[Copy]:
    """Return the copies of all indexes to all registry paths.

    ``digests`` has the digest of each index by variant; ``moving`` has the variants by full reference of moving tags.
    """
    copies = []
    for path in paths:
        for index in indexes:
            tags = [reference for reference, name in moving.items() if name == index.variant.id]
            copies.append(
                Copy(
                    source=f"{index.repository}@{digests[index.variant.id]}",
                    repository=f"{path}/{index.variant.repository}",
                    tags=tuple(one.rpartition(":")[2] for one in (index.reference, *tags)),
                    variant=index.variant.id,
                )
            )
    return copies


def make_copies(copies: Sequence[Copy], tools: CopyTools) -> int:
    """Make the copies that are missing or point elsewhere; return how many tags were written.

    One that fails stops no other. Raises :class:`EnvironmentFailure` at the end, with those that failed: the release
    itself is done by then.
    """
    answers = tools.digests(reference for copy in copies for reference in copy.references)
    stale = {
        reference
        for copy in copies
        for reference in copy.references
        if answers[reference] != Digest(copy.digest)
    }

    def attempt(copy: Copy) -> str | None:
        try:
            _make(copy, stale, tools)
        except Failure as failure:
            return failure.message
        return None

    reasons = dict(zip(copies, tools.each(attempt, copies), strict=True))
    _raise_failed({copy: reason for copy, reason in reasons.items() if reason}, len(copies))
    return len(stale)


def _raise_failed(reasons: Mapping[Copy, str], count: int) -> None:
    if reasons:
        hosts = listed(dict.fromkeys(parse_reference(copy.image).host for copy in reasons), SHOWN)
        raise EnvironmentFailure(
            f"the release is done, but {len(reasons)} of {count} copies failed: {listed(reasons.values(), SHOWN)}",
            f"check the login of {hosts} and its permissions, then run the job again: it copies what is missing",
        )


def _make(copy: Copy, stale: set[str], tools: CopyTools) -> None:
    immutable, *moving = copy.references
    if immutable in stale:
        tools.point(immutable, copy.source)
    tools.sign(copy)
    for reference in moving:
        if reference in stale:
            tools.point(reference, copy.image)
