"""Formats counts, long lists, characters and types for messages and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def plural(count: int, word: str) -> str:
    """Return ``1 image``, ``2 images``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def listed(names: Iterable[str], most: int) -> str:
    """Return the first ``most`` names, and the number of the others."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return f"{', '.join(every[:most])}{more}"


def megabytes(count: int) -> str:
    """Return bytes with a decimal place, to be compared with each other: ``1204.5 MB``, ``0.3 MB``."""
    return f"{count / 1e6:.1f} MB"


def size_text(count: int) -> str:
    """Return bytes as people read them: ``1.2 GB``, ``571 MB``, ``3 kB``."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:.{1 if unit == 1e9 else 0}f} {name}"
    return f"{count / 1e3:.0f} kB"


def fitting(texts: Iterable[str], room: int) -> list[str]:
    """Return the first texts that have at most ``room`` characters together."""
    kept = []
    for text in texts:
        room -= len(text)
        if room < 0:
            break
        kept.append(text)
    return kept


def character_name(char: str) -> str:
    """Return ``U+00A0 (no-break space)``."""
    import unicodedata

    return f"U+{ord(char):04X} ({unicodedata.name(char, 'unnamed').lower()})"


def type_name(value: object) -> str:
    """Return the type of a value in words."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"
