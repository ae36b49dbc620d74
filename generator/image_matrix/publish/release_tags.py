"""Names releases: tags of git that are versions, in the order in which they were released.

``2026.1129.1`` is the first release on November 29, 2026: year, month and day, number. Flux compares them by
SemVer (``ref.semver`` of a GitRepository): three numbers without leading zeros (semver.org, 2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

Order = tuple[int, int, int]
_TAG = re.compile(r"([1-9][0-9]{3})\.([1-9][0-9]{2,3})\.(0|[1-9][0-9]*)")


def order_of(tag: str) -> Order | None:
    """Return what the tag of a release is sorted by; ``None`` for another tag."""
    match = _TAG.fullmatch(tag)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def released(tags: Iterable[str]) -> list[str]:
    """Return those tags that are of releases, the newest first."""
    known = {tag: order for tag in tags if (order := order_of(tag))}
    return sorted(known, key=lambda tag: known[tag], reverse=True)


def next_tag(tags: Iterable[str], day: date) -> str:
    """Return the tag of a release on a day, which comes after those of all others, whatever their clocks said."""
    first = (day.year, day.month * 100 + day.day, 1)
    newest = max((order for tag in tags if (order := order_of(tag))), default=None)
    year, in_year, number = first if newest is None or newest < first else (*newest[:2], newest[2] + 1)
    return f"{year}.{in_year}.{number}"
