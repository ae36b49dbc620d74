"""Chooses package archives of one day: apt's snapshot services and CRAN's dated mirrors."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from image_matrix.lock.distributions import distribution_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.model import Lock


def apt_moments(
    loaded: Loaded, old: Lock, today: date, should_upgrade: Callable[[str], bool]
) -> dict[str, str]:
    """Return the snapshot of every source whose distribution has a snapshot service, where the matrix asks for them.

    Both distributions' services answer with the last state before the moment, so the start of today is a moment that
    they have. Which service it is, apt itself knows (`apt-config dump Acquire::Snapshots`).
    """
    if not loaded.matrix.apt_snapshot:
        return {}
    moment = f"{today:%Y%m%d}T000000Z"
    used = dict.fromkeys(
        item.source for item in loaded.variants.values() if item.source and item.build is None
    )
    return {
        name: old.apt[name]
        if name in old.apt and not (should_upgrade("apt") or should_upgrade(name))
        else moment
        for name in used
        if distribution_of(loaded.matrix.sources[name])
    }


def without_snapshots(loaded: Loaded) -> list[str]:
    """Return the sources for which snapshots are asked, but no service is known."""
    used = dict.fromkeys(
        item.source for item in loaded.variants.values() if item.source and item.build is None
    )
    known = loaded.matrix.sources
    return [name for name in used if loaded.matrix.apt_snapshot and not distribution_of(known[name])]


def cran_day(loaded: Loaded, old: Lock, today: date, should_upgrade: Callable[[str], bool]) -> str | None:
    """Return the day of CRAN's snapshot: the one before today, which is complete, or the one that is locked."""
    if not any(item.packages.get("cran") and not item.cran_snapshot for item in loaded.variants.values()):
        return None
    return old.cran if old.cran and not should_upgrade("cran") else f"{today - timedelta(days=1):%Y-%m-%d}"
