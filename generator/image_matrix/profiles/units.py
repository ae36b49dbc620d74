"""Amounts of memory: Kubernetes' quantities in the matrix (``4Gi``), KubeSpawner's texts (``4G``) in what it gets."""

from __future__ import annotations

import re

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)(|[KMGT]i)")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def is_memory(said: float | str) -> bool:
    """Say whether an amount is a number of bytes or a binary quantity (kubernetes.io, resource units)."""
    return isinstance(said, int) or (isinstance(said, str) and _MEMORY.fullmatch(said) is not None)


def byte_count(said: float | str | None) -> int | None:
    """Return an amount in bytes."""
    if said is None or not isinstance(said, str):
        return None if said is None else int(said)
    found = _MEMORY.fullmatch(said)
    if found is None:
        message = f"{said} is no amount of memory"
        raise ValueError(message)
    return int(float(found[1]) * 1024 ** _POWERS[found[2][:1]])


def for_kubespawner(amount: float | str) -> float | str:
    """Return the same amount as KubeSpawner reads it: its K, M, G and T are powers of 1024."""
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
