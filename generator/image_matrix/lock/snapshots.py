"""Chooses package archives of one day: apt's snapshot services and CRAN's dated mirrors."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from image_matrix.lock.source_lists import runs_apt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.lock.model import Lock


def snapshot_sources(matrix: Matrix, variants: Mapping[str, Variant]) -> list[str]:
    """Return the sources whose apt packages are to come from snapshots: images with generated Dockerfiles use them."""
    roots = {item.source for item in variants.values() if item.source and item.build is None}
    used = dict.fromkeys(item.root_source for item in variants.values() if runs_apt(matrix, item))
    return [name for name in used if name in roots and matrix.asks_snapshot(name)]


def cran_day(loaded: Loaded, old: Lock, today: date, should_upgrade: Callable[[str], bool]) -> str | None:
    """Return the day of CRAN's snapshot: the one before today, which is complete, or the one that is locked."""
    if not any(item.packages.get("cran") and not item.cran_snapshot for item in loaded.variants.values()):
        return None
    return old.cran if old.cran and not should_upgrade("cran") else f"{today - timedelta(days=1):%Y-%m-%d}"
