"""Works out which variant gets which moving tag.

Without ``tags``, a variant has its label, and the first variant of a repository has ``latest``. If several variants of
an image would have one tag, the first of them gets it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.placeholders import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from image_matrix.config.model import Variant

LATEST = "latest"
AT_RELEASE = ("commit", "date", "key", "release")
"""Placeholders of tags that have a value in a release only."""
_PACKAGE = re.compile(r"\{package\.([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\}")
_PARTS = re.compile(r"\.(?:major|minor|patch)$")


@dataclass(frozen=True, slots=True)
class Claim:
    """A tag that a variant would have."""

    variant: Variant
    tag: str
    """With the values that are known; other placeholders are still in it."""
    position: int | None = None
    """Where it stands in the variant's ``tags``; ``None`` if the variant has no ``tags``."""

    @property
    def place(self) -> tuple[str, str]:
        """The repository and the tag in it."""
        return self.variant.repository, self.tag


def _no_values(_: Variant) -> Mapping[str, str]:
    return {}


def claims(
    variants: Iterable[Variant], values: Callable[[Variant], Mapping[str, str]] = _no_values
) -> Iterator[Claim]:
    """Yield every tag that some variant would have; an earlier claim wins.

    ``values`` are those of a variant's placeholders that have values in a release only.
    """
    every = [item for item in variants if item.publish]
    usual = [item for item in every if not item.tags]
    yield from (Claim(item, item.label) for item in usual)
    for item in every:
        known = values(item) if item.tags else {}
        yield from (Claim(item, fill(text, known), at) for at, text in enumerate(item.tags))
    yield from (Claim(item, LATEST) for item in usual)


def winners(every: Iterable[Claim]) -> dict[tuple[str, str], Claim]:
    """Return the claim that wins each tag, by repository and tag."""
    first: dict[tuple[str, str], Claim] = {}
    for claim in every:
        first.setdefault(claim.place, claim)
    return first


def tags_of(variants: Iterable[Variant]) -> dict[str, list[str]]:
    """Return the moving tags of each variant by its id; what only a release knows is still a placeholder."""
    every = list(variants)
    tags: dict[str, list[str]] = {item.id: [] for item in every}
    for claim in winners(claims(every)).values():
        tags[claim.variant.id].append(claim.tag)
    return tags


def packages_in(text: str) -> dict[str, str]:
    """Return the packages that a tag names: its placeholder without braces to the name of the package."""
    return {match[0][1:-1]: _PARTS.sub("", match[1]) for match in _PACKAGE.finditer(text)}
