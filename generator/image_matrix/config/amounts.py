"""Reads amounts of CPU and memory that are written as elsewhere: ``500m``, ``4GB``."""

from __future__ import annotations

import re

_CORES = re.compile(r"(\d+(?:\.\d+)?)(m?)")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])i?b?", re.IGNORECASE)


def as_amount(field: str | None, text: str) -> float | str:
    """Return an amount as the matrix has it, ``0.5`` or ``4Gi``; the text itself if it is none."""
    if field == "cpu" and (cores := _CORES.fullmatch(text)):
        number = float(cores[1]) / (1000 if cores[2] else 1)
        return int(number) if number.is_integer() else number
    if field == "memory" and (memory := _MEMORY.fullmatch(text)):
        return f"{memory[1]}{memory[2].upper()}i"
    return text
