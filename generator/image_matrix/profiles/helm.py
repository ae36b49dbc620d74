"""Sorts keys as Helm does, which does not keep the order of a mapping."""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"[0-9]*")


def before(one: str, other: str) -> bool:
    """Say whether ``toYaml`` writes one key before another: digits as numbers, letters after everything else.

    Source: go-yaml v2, ``sorter.go`` (keyList.Less), which Helm's ``toYaml`` uses. The relation is not transitive:
    ``11z`` < ``1v`` < ``4`` < ``11z``. With such keys, the result changes from run to run.
    """
    at = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return len(one) < len(other)
    a, b = one[at], other[at]
    if a.isalpha() or b.isalpha():
        return a < b if a.isalpha() and b.isalpha() else b.isalpha()
    # zeros inside a number count: 10 is after 9, 1.01 before 1.1
    begun = "0" in (a, b) and one[:at][-1:].isdecimal() and bool(re.search(r"[1-9]\d*$", one[:at]))
    number, other_number = _number(one, at, begun), _number(other, at, begun)
    return number < other_number if number != other_number else a < b


def _number(text: str, at: int, begun: bool) -> tuple[int, int]:
    """Return the number at a position and its end; if the number began earlier, a 1 stands for those digits."""
    match = _NUMBER.match(text, at)
    digits = match[0] if match else ""
    return int(("1" if begun else "0") + digits), at + len(digits)


def _compare(one: str, other: str) -> int:
    return -1 if before(one, other) else 1 if before(other, one) else 0


sort_key = cmp_to_key(_compare)


def in_order(keys: Iterable[str]) -> list[str]:
    """Return keys in the order in which Helm writes them."""
    return sorted(keys, key=sort_key)


def is_ordered(keys: Sequence[str]) -> bool:
    """Say whether Helm keeps this order, whichever pairs of keys it compares."""
    return all(before(one, other) for at, one in enumerate(keys) for other in keys[at + 1 :])
