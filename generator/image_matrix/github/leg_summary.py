"""Writes what a leg did, as lines of the run's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.platforms import architecture
from image_matrix.text import plural

if TYPE_CHECKING:
    from image_matrix.build.progress import StepCount

SMALL = 500_000
"""Bytes; a difference that is smaller is none."""


def built_line(variant: str, platform: str, seconds: float, steps: StepCount) -> str:
    """Return the time of a build, and how many of its steps came from a cache."""
    total = len(steps.steps)
    cached = f", {len(steps.steps & steps.cached)} of {plural(total, 'step')} from the cache" if total else ""
    minutes = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
    return f"- {_name(variant, platform)}: built in {minutes}{cached}\n"


def size_line(variant: str, platform: str, size: int, released: int | None) -> str:
    """Return the size of an image in bytes, and the difference to the one that is released, if there is one."""
    return f"- {_name(variant, platform)}: {size / 1e6:.0f} MB compressed, {_difference(size, released)}\n"


def _difference(size: int, released: int | None) -> str:
    if released is None:
        return "not released before"
    change = size - released
    if abs(change) < SMALL:
        return "as large as the released image"
    return f"{abs(change) / 1e6:.0f} MB {'more' if change > 0 else 'less'} than the released image"


def _name(variant: str, platform: str) -> str:
    return f"`{variant}` ({architecture(platform)})"
