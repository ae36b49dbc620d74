"""Titles variants for users."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.config.model import Variant


def title_of(item: Variant) -> str:
    """Return a title of a variant for users: its description with the values of its axes."""
    values = (f"{axis.capitalize()} {value}" for axis, value in item.values.items())
    return ", ".join((item.description or item.image, *values))
