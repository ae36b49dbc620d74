"""Converts amounts of memory: the matrix has Kubernetes' quantities (``4Gi``), KubeSpawner reads texts (``4G``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from image_matrix.config.amounts import MOST_MEMORY

_MEMORY = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)(|[KMGT]i?)")
"""Not in thousands of digits, which no program computes with."""
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True, slots=True)
class MemoryUnits:
    """A notation of amounts of memory: numbers of bytes, or K, M, G or T with an ending."""

    what: str
    ending: str

    def reads(self, amount: object) -> bool:
        """Say whether an amount is in this notation."""
        if isinstance(amount, str):
            match = _MEMORY.fullmatch(amount)
            return match is not None and match[2][1:] == (self.ending if match[2] else "")
        return type(amount) is int and abs(amount) < MOST_MEMORY


QUANTITIES = MemoryUnits("an amount of memory such as 4Gi", "i")
"""The binary quantities of Kubernetes (kubernetes.io, resource units), in the matrix."""
KUBESPAWNERS = MemoryUnits("an amount of memory for KubeSpawner, such as 4G", "")
"""KubeSpawner's texts (jupyterhub, ``ByteSpecification``), in overrides: K, M, G and T are powers of 1024."""


def byte_count(amount: float | str | None) -> int | None:
    """Return an amount in either notation in bytes."""
    if amount is None or not isinstance(amount, str):
        return None if amount is None else int(amount)
    match = _MEMORY.fullmatch(amount)
    if match is None:
        message = f"{amount} is not an amount of memory"
        raise ValueError(message)
    return int(float(match[1]) * 1024 ** _POWERS[match[2][:1]])


def for_kubespawner(amount: float | str) -> float | str:
    """Return the same amount in KubeSpawner's notation: its K, M, G and T are powers of 1024."""
    return amount.removesuffix("i") if isinstance(amount, str) else amount


def human(count: int | None) -> str:
    """Return bytes as the shortest exact amount: ``4Gi``."""
    if count is None:
        return ""
    for suffix in "TGMK":
        size = 1024 ** _POWERS[suffix]
        if count and count % size == 0:
            return f"{count // size}{suffix}i"
    for suffix in "TGMK":
        size = 1024 ** _POWERS[suffix]
        if count >= size:
            return f"{count / size:.1f}{suffix}i"
    return str(count)
