"""Makes names that entries of a matrix can have, and that none of them has yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST = 63
"""Characters of a DNS label: RFC 1123, 2.1, by way of RFC 1035, 2.3.4."""


def plain_name(text: str) -> str:
    """Return a text as a name that every section allows: ``Tools/3D`` is ``tools-3d``; empty if nothing is left.

    It is a DNS label that starts with a letter.
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("0123456789-")[:LONGEST].rstrip("-")


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name, or the first with a number behind it that is not taken."""
    numbered = (_ending(name, f"-{number}") for number in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _ending(name: str, end: str) -> str:
    """Return a name with an end, for which the name is cut if it is long."""
    return name[: LONGEST - len(end)].rstrip("-") + end
