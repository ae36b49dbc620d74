"""Reads charts.json: what each version of the JupyterHub chart ships, and which settings are lists there.

A profile's mapping joins a mapping, and replaces a list. KubeSpawner takes mappings since version 7; with an older one,
a profile cannot add to what the chart sets.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Version = tuple[int, ...]
WITH_MAPPINGS: Version = (7,)
"""The first KubeSpawner that takes mappings for volumes, mounts and containers."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What a version of the chart ships."""

    version: str
    jupyterhub: str
    kubespawner: str
    lists: tuple[str, ...] = ()
    """KubeSpawner's settings that the chart sets as a list."""


def version(text: str) -> Version:
    """Return the numbers of a version: ``5.4.0-beta.1`` as (5, 4, 0)."""
    return tuple(int(part) for part in re.split("[-+]", text)[0].split("."))


@cache
def charts() -> dict[str, Chart]:
    """Return the known versions of the chart, the oldest first."""
    return {
        name: Chart(name, item["jupyterhub"], item["kubespawner"], tuple(item["lists"]))
        for name, item in _table()["charts"].items()
    }


def default_chart() -> Chart:
    """Return the chart of a site that names none."""
    return charts()[_table()["default"]]


def chart_of(text: str) -> Chart | None:
    """Return what a version of the chart ships, by the newest known one up to it; ``None`` if it is older than all."""
    older = [item for item in charts().values() if version(item.version) <= version(text)]
    return older[-1] if older else None


def chart_with(jupyterhub: str) -> Chart:
    """Return the newest known chart with a JupyterHub up to this one, else the oldest."""
    known = [*charts().values()]
    older = [item for item in known if version(item.jupyterhub)[:2] <= version(jupyterhub)[:2]]
    return older[-1] if older else known[0]


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("charts.json").read_text(encoding="utf-8"))
    return table
