"""Knows the time zones that TZ may name, by time_zones.json: those of tzdata, and old names of theirs."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r":?([A-Za-z]+(?:[/_][A-Za-z0-9_+-]+)*)")
"""What is meant as the name of a zone. POSIX' form has an offset behind its name (tzset(3)): ``CET-1CEST``."""
_OTHER_FOLDERS = ("posix/", "right/", "localtime")


def zone_of(value: str) -> str | None:
    """Return the zone that a value of TZ names; ``None`` for a rule of POSIX, a file or nothing."""
    match = _NAME.fullmatch(value)
    return match[1] if match and not match[1].startswith(_OTHER_FOLDERS) else None


def is_zone(name: str) -> bool:
    """Say whether tzdata has a zone, under its name of today or an old one."""
    return name in _zones() or name in old_names()


def old_names() -> Mapping[str, str]:
    """Return old names, each with the one of today; Debian 13 and Ubuntu 24.04 have them in tzdata-legacy."""
    names: Mapping[str, str] = _table()["legacy"]
    return names


def right_name(name: str) -> str:
    """Return what to write in place of a name that no zone has."""
    places = [zone for zone in _zones() if zone.rpartition("/")[2].lower() == name.rpartition("/")[2].lower()]
    if places:
        return f"write `{places[0]}`"
    similar = did_you_mean(name, _zones())
    return (
        similar
        if similar.startswith("did")
        else "write a zone by its region and city, such as `Europe/Berlin`"
    )


def _zones() -> list[str]:
    zones: list[str] = _table()["zones"]
    return zones


@cache
def _table() -> dict[str, Any]:
    path = Path(__file__).with_name("time_zones.json")
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table
