"""Orders versions of Debian's packages as dpkg does: by epoch, then part by part, where ``~`` comes before the end.

Source: deb-version(7), "Sorting algorithm".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTS = re.compile(r"(\D*)(\d*)", re.ASCII)
_FORM = r"(?:[0-9]+:)?[0-9][A-Za-z0-9.+~-]*"
_VERSION = re.compile(_FORM)
_BOUND = re.compile(rf"\s*(<<|<=|<|==?|!=|>=|>>|>)\s*({_FORM})\s*")
_BEFORE, _SAME, _BEHIND = -1, 0, 1
_MEANS = {
    "<": {_BEFORE},
    "<<": {_BEFORE},
    "<=": {_BEFORE, _SAME},
    "=": {_SAME},
    "==": {_SAME},
    "!=": {_BEFORE, _BEHIND},
    ">=": {_SAME, _BEHIND},
    ">": {_BEHIND},
    ">>": {_BEHIND},
}
"""The signs of Python's specifiers, and those of Debian's, to where a version may stand."""
_Number: TypeAlias = tuple[int, str]
_Pair: TypeAlias = tuple[tuple[int, ...], _Number]
_END: _Pair = ((0,), (0, ""))
"""What is behind the last number; a revision of 0 is like none."""


@dataclass(frozen=True, slots=True)
class DebianBound:
    """A bound that a version is asked for: ``<1:2.3-4``."""

    sign: str
    version: str

    def admits(self, version: str) -> bool:
        """Say whether a version is within it; a pattern such as ``8.1*`` is not."""
        if not _VERSION.fullmatch(version):
            return False
        return compare(version, self.version) in _MEANS[self.sign]

    def admits_upstream(self, version: str) -> bool:
        """Say the same for a bound that may be one of the program itself: parts that it leaves out are not compared.

        They are epoch, revision, and what Debian adds behind ``+``: ``1:1.35+dfsg-3`` is within ``==1.35``.
        """
        epoch, upstream, revision = _parts(version)
        epoch = epoch if ":" in self.version else ""
        if "-" not in self.version:
            return self.admits(epoch + (upstream if "+" in self.version else upstream.partition("+")[0]))
        return self.admits(epoch + upstream + revision)


def debian_bounds(text: str) -> tuple[DebianBound, ...] | None:
    """Read ``>=3.5, <3.5.4-1~deb13u2``; ``None`` if that is no list of bounds."""
    parts = [_BOUND.fullmatch(part) for part in text.split(",")]
    return tuple(DebianBound(*one.groups()) for one in parts if one) if all(parts) else None


def compare(one: str, other: str) -> int:
    """Return -1, 0 or 1: whether a version is before another one, the same, or behind it."""
    for first, second in zip(_split(one), _split(other), strict=True):
        for pair in zip_longest(first, second, fillvalue=_END):
            if pair[0] != pair[1]:
                return -1 if pair[0] < pair[1] else 1
    return 0


def _split(version: str) -> tuple[Sequence[_Pair], ...]:
    """Return text and number in turn, of the epoch, of the version upstream and of the revision."""
    epoch, upstream, revision = _parts(version)
    return tuple(
        [(_text(letters), _number(digits)) for letters, digits in _PARTS.findall(part)]
        for part in (epoch.removesuffix(":"), upstream, revision.removeprefix("-"))
    )


def _parts(version: str) -> tuple[str, str, str]:
    """Return epoch, version upstream and revision, with the signs between them: ``1:``, ``2.3``, ``-4``."""
    before, colon, behind = version.partition(":")
    epoch, rest = (before + colon, behind) if colon else ("", version)
    upstream, dash, revision = rest.rpartition("-")
    return (epoch, upstream, dash + revision) if dash else (epoch, rest, "")


def _text(letters: str) -> tuple[int, ...]:
    """Return characters by their place: ``~``, the end, letters, all others."""
    return (*(-1 if one == "~" else ord(one) + (0 if one.isalpha() else 256) for one in letters), 0)


def _number(digits: str) -> _Number:
    """Return a number of any length, so that it sorts as one."""
    significant = digits.lstrip("0")
    return len(significant), significant
