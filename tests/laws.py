"""How many examples a property test tries."""

from __future__ import annotations

from hypothesis import settings


def examples(count: int) -> int:
    """`count` in a thorough run, as CI's; a share of it in a quick one, as that of `make test`."""
    return max(5, count * settings().max_examples // 100)
