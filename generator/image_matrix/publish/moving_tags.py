"""Works out the tags that a release moves, and where to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.tags import claims
from image_matrix.errors import Failure
from image_matrix.lock.tag_values import package_values
from image_matrix.planning.keys import TAG_DIGITS

if TYPE_CHECKING:
    from image_matrix.config.model import Variant
    from image_matrix.config.tags import Claim
    from image_matrix.planning.plan import State

COMMIT_DIGITS = 12
"""Digits of the commit in a tag."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What placeholders of tags stand for in one release."""

    date: str
    """The day in UTC: ``2026-11-28``."""
    commit: str
    """The commit that is released, all 40 digits."""
    release: str
    """The number of the release: how many the release branch has, this one included."""


def moving_tags(state: State, moment: Moment) -> dict[str, str]:
    """Return the tags that follow the newest release: full reference to variant id.

    Raises :class:`Failure` if two images would have one tag.
    """
    owners: dict[str, Claim] = {}
    variants = state.loaded.variants
    for claim in claims(variants.values(), lambda item: _values(state, moment, item)):
        reference = f"{state.loaded.matrix.repository(claim.variant)}:{claim.tag}"
        first = owners.setdefault(reference, claim)
        if first.variant.image != claim.variant.image:
            raise Failure(
                f"{first.variant.id} and {claim.variant.id} would both have the tag {reference}",
                "change the `tags` of one of them",
            )
    return {reference: claim.variant.id for reference, claim in owners.items()}


def _values(state: State, moment: Moment, item: Variant) -> dict[str, str]:
    return {
        **package_values(state.pins, state.loaded.variants, item),
        "key": state.keys[item.id].index[:TAG_DIGITS],
        "date": moment.date,
        "commit": moment.commit[:COMMIT_DIGITS],
        "release": moment.release,
    }
