"""Finishes the indexes of a release: each gets its signature, then its immutable tag, before the next one begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.publish.indexes import by_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class FinishTools:
    """What a release signs and tags with."""

    sign: Callable[[str, str], None]
    """Signs ``repository@digest`` as the index of a reference, which is its first argument."""
    tag: Callable[[str, str], None]
    """Points a reference to ``repository@digest``."""
    each: Callable[[Callable[[str], None], Iterable[str]], object]
    """Does something with each item, several at a time; stops at the first error."""


def finish(
    digests: Mapping[str, str], trusted: Collection[str], tagged: Collection[str], tools: FinishTools
) -> None:
    """Sign each index that is not in ``trusted``; then set the tag of each that is not in ``tagged``.

    ``digests`` has the digests by final reference. If an error stops a release, the indexes that are finished have
    their tags, so the next release does not sign them again.
    """

    def one(reference: str) -> None:
        image = by_digest(reference, digests[reference])
        if reference not in trusted:
            tools.sign(reference, image)
        if reference not in tagged:
            tools.tag(reference, image)

    tools.each(one, digests)
