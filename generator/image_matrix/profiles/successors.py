"""Proposes what takes the place of a size or a profile that is gone: by what users had, not by names alone."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING

from image_matrix.profiles.units import byte_count

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from image_matrix.config.sizes import Amount, Size
    from image_matrix.profiles.offer import Offer, SizeChoice


def size_in_place_of(lost: SizeChoice, today: Sequence[SizeChoice]) -> str:
    """Return the key of the choice that is nearest to a lost one: not smaller, if there is such a one.

    It has the same devices, then the next memory, then the next cores; only people who had the lost one count.
    """
    open_to_them = [choice for choice in today if set(choice.listed.groups) in (set(), {*lost.listed.groups})]
    return min(open_to_them or today, key=lambda choice: _distance(lost.size, choice.size)).key


def _distance(lost: Size | None, other: Size | None) -> tuple[float, ...]:
    if lost is None or other is None:
        return (math.inf,)
    had, gets = (
        [_total(size.memory), _total(size.cpu), sum(size.devices.values())] for size in (lost, other)
    )
    is_smaller = any(
        one is not None and two is not None and two < one for one, two in zip(had, gets, strict=True)
    )
    memory, cores, devices = (_apart(one, two) for one, two in zip(had, gets, strict=True))
    return (lost.devices.keys() != other.devices.keys(), is_smaller, *devices, *memory, *cores)


def _total(amount: Amount) -> float | None:
    """Return bytes or cores that a pod can have; ``None`` where a size leaves them to the hub."""
    given = amount.guarantee if amount.limit is None else amount.limit
    return math.inf if amount.unlimited else byte_count(given) if isinstance(given, str) else given


def _apart(one: float | None, two: float | None) -> tuple[float, float]:
    """Return how often an amount is doubled or halved to become another one; of no limit, more is nearer."""
    if one == two:
        return 0, 0
    if one and two and math.isfinite(one * two):
        return abs(math.log2(two / one)), 0
    return math.inf, -two if one == math.inf and two is not None else 0


def profile_in_place_of(
    slug: str, lost: Offer, current: Mapping[str, Offer], known: Collection[str]
) -> str | None:
    """Return the profile that is most likely a lost one under a new name, or what its users may take.

    ``known`` are the slugs of before. Profiles for other groups are not among them, but a new one comes first.
    """
    alike = [one for one in current.values() if set(one.profile.groups) in (set(), {*lost.profile.groups})]

    def nearness(one: Offer) -> tuple[bool, bool, bool, float]:
        is_same = one.profile.display_name == lost.profile.display_name
        ratio = difflib.SequenceMatcher(None, slug, one.slug).ratio()
        return (one.slug not in known, is_same, one.profile.groups == lost.profile.groups, ratio)

    return max(alike, key=nearness).slug if alike else None
