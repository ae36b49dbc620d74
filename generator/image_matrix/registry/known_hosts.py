"""Reads known_hosts.json: which hosts registries and services use beside their own. Each entry has its source.

What is not in it, ``lock`` notes of the answers that it gets (:mod:`image_matrix.registry.host_log`).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host that something needs."""

    name: str
    """``auth.docker.io``, or ``*.example.org`` for all below a domain."""
    use: str
    """What is there: ``image layers``."""
    source: str
    """The address of the page that says so."""


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return table


def behind(host: str) -> tuple[KnownHost, ...] | None:
    """Return the hosts that a registry or download site sends on to; ``None`` where nothing is known of it."""
    for entry in _table()["behind"]:
        match = re.fullmatch(entry["host"], host)
        if match:
            return _hosts(entry, match.groupdict())
    return None


def real_host(host: str) -> str:
    """Return the host that answers for the name of a registry: Docker Hub's has another one."""
    entries = (entry for entry in _table()["behind"] if "is" in entry and re.fullmatch(entry["host"], host))
    return next((str(entry["is"]) for entry in entries), host)


def service(name: str, region: str = "") -> tuple[KnownHost, ...]:
    """Return the hosts of a service; those of AWS are in a region."""
    return _hosts(_table()["services"][name], {"region": region})


def _hosts(entry: dict[str, Any], values: dict[str, str | Any]) -> tuple[KnownHost, ...]:
    return tuple(
        KnownHost(name.format_map(values), use, entry["source"]) for name, use in entry["hosts"].items()
    )
