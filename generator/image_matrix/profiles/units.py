"""Amounts of memory as KubeSpawner reads them: a number of bytes, or K, M, G, T as powers of 1024."""

from __future__ import annotations

import re

_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def is_memory(said: float | str) -> bool:
    """Say whether KubeSpawner accepts an amount (jupyterhub's ``ByteSpecification``)."""
    return isinstance(said, int) or (isinstance(said, str) and _MEMORY.fullmatch(said) is not None)


def byte_count(said: float | str | None) -> int | None:
    """Return an amount in bytes."""
    if said is None or not isinstance(said, str):
        return None if said is None else int(said)
    found = _MEMORY.fullmatch(said)
    if found is None:
        message = f"{said} is no amount of memory"
        raise ValueError(message)
    return int(float(found[1]) * 1024 ** _POWERS[found[2]])


def quantity(said: float | str) -> str:
    """Return the same amount as a Kubernetes quantity, where K, M and G would be powers of 1000."""
    text = str(said)
    return f"{text}i" if text[-1:] in "KMGT" and text[-1:] else text


def human(count: int | None) -> str:
    """Return bytes as the shortest exact amount: ``4G``."""
    if count is None:
        return ""
    for suffix in "TGMK":
        size = 1024 ** _POWERS[suffix]
        if count and count % size == 0:
            return f"{count // size}{suffix}"
    for suffix in "TGMK":
        size = 1024 ** _POWERS[suffix]
        if count >= size:
            return f"{count / size:.1f}{suffix}"
    return str(count)
