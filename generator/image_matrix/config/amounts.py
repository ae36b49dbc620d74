"""Reads amounts of CPU and memory that are written as elsewhere, ``500m``, ``4GB``, and says which can be meant."""

from __future__ import annotations

import re

LEAST_MEMORY = 1024**2
"""Bytes; less is a suffix that was forgotten."""
MOST_CORES = 10**6
"""No machine has as many."""
MOST_MEMORY = 10**18
"""Bytes; no machine has as many."""
LIMITED = ("cpu", "memory")
"""Fields with a limit and a guarantee."""
_CORES = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)(m?)")
_MEMORY = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([KMGT])i?b?", re.IGNORECASE)
_ANY_CORES = re.compile(r"(\d+(?:\.\d+)?)(m?)")
_ANY_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?b?", re.IGNORECASE)
"""Amounts in each notation, of any number of digits."""
_QUANTITY = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)(?:([KMGT])i)?")


def as_amount(field: str | None, text: str) -> float | str:
    """Return an amount as the matrix has it, ``0.5`` or ``4Gi``; the text itself if it is none."""
    if field == "cpu" and (cores := _CORES.fullmatch(text)):
        number = float(cores[1]) / (1000 if cores[2] else 1)
        return int(number) if number.is_integer() else number
    if field == "memory" and (memory := memory_parts(text)):
        return f"{''.join(memory)}i"
    return text


def memory_parts(text: str) -> tuple[str, str] | None:
    """Return the number of an amount of memory and its letter, K, M, G or T; ``None`` if it has another form."""
    match = _MEMORY.fullmatch(text)
    return (match[1], match[2].upper()) if match else None


def is_amount(field: str, value: object) -> bool:
    """Say whether a pod can have an amount of ``cpu``, in cores, or ``memory``, in bytes or as a quantity."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    if field == "cpu":
        return is_cores(value)
    if isinstance(value, str):
        quantity = _QUANTITY.fullmatch(value)
        return quantity is not None and LEAST_MEMORY <= _bytes(quantity) < MOST_MEMORY
    return isinstance(value, int) and LEAST_MEMORY <= value < MOST_MEMORY


def is_cores(value: object) -> bool:
    """Say whether a value is a number of cores; a text is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < MOST_CORES


def is_too_much(field: str, value: object) -> bool:
    """Say whether an amount of ``cpu`` or ``memory``, in any notation, is more than a machine has."""
    if field == "cpu":
        text = _ANY_CORES.fullmatch(value) if isinstance(value, str) else None
        cores = float(text[1]) / (1000 if text[2] else 1) if text else value
        return isinstance(cores, (int, float)) and cores >= MOST_CORES
    text = _ANY_MEMORY.fullmatch(value) if isinstance(value, str) else None
    count = _bytes(text) if text else value
    return isinstance(count, (int, float)) and count >= MOST_MEMORY


def _bytes(quantity: re.Match[str]) -> float:
    return float(quantity[1]) * 1024.0 ** " KMGT".index((quantity[2] or " ").upper())
