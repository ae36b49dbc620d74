"""Moves the days on which steps were run that nothing locks: those of users' Dockerfiles, and scripts.

Nobody can say what such steps fetch, so an image names an interval (`refresh_days`). The lock keeps the day, which is
part of the key: no build looks at a clock.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from image_matrix.lock.resolver_api import ALL

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant


def refreshed_days(
    loaded: Loaded,
    old: Mapping[str, str],
    today: date,
    upgraded: tuple[str, ...],
    with_updates: Collection[str] = (),
) -> dict[str, str]:
    """Return the day of each variant that has an interval, by its id: the one of ``old`` as long as it lasts.

    A day moves to today if ``upgraded`` names the image or the variant, or if it is for everything and the interval is
    over. ``with_updates`` are ids of variants in which something installed has a newer version: theirs move, too.
    """
    return {
        item.id: old[item.id]
        if item.id in old and item.id not in with_updates and not _is_due(item, old[item.id], today, upgraded)
        else today.isoformat()
        for item in dated_variants(loaded)
    }


def dated_variants(loaded: Loaded) -> list[Variant]:
    """Return the variants that name an interval."""
    return [item for item in loaded.variants.values() if item.refresh_days is not None]


def _is_due(item: Variant, day: str, today: date, upgraded: tuple[str, ...]) -> bool:
    if upgraded == ALL:
        return is_over(day, item.refresh_days or 0, today)
    return item.id in upgraded or item.image in upgraded


def is_over(day: str, days: int, today: date) -> bool:
    """Say whether an interval that began on a day, ``2026-11-30``, is over; no interval begins in the future."""
    return not 0 <= (today - date.fromisoformat(day)).days < days


def intervals(loaded: Loaded) -> dict[str, int]:
    """Return the days between two refreshes, by the id of a variant that names them."""
    return {item.id: item.refresh_days or 0 for item in dated_variants(loaded)}


def names_to_refresh(loaded: Loaded) -> set[str]:
    """Return what ``--upgrade`` calls the steps of an image, or of one variant of it."""
    return {name for item in dated_variants(loaded) for name in (item.image, item.id)}


def without_day(loaded: Loaded, name: str) -> str | None:
    """Return what to write for an image, or a variant of one, without a day; ``None`` for other names."""
    items = [item for item in loaded.variants.values() if name in (item.image, item.id)]
    if any(item.has_unlocked_steps for item in items):
        return (
            f"write `refresh_days: 30` at `images.{items[0].image}`: the lock then has the day of its steps"
        )
    return f"all steps of the image `{items[0].image}` are locked: name what is in it" if items else None


def steps_of(item: Variant) -> str:
    """Return the steps of a variant that nothing locks, as users read it."""
    return f"the {'Dockerfile' if item.build else 'scripts'} of {item.image}"


def never_refreshed(loaded: Loaded) -> list[str]:
    """Return the steps that nothing locks, and that no interval runs again, each once."""
    items = loaded.variants.values()
    return list(
        dict.fromkeys(
            steps_of(item) for item in items if item.has_unlocked_steps and item.refresh_days is None
        )
    )
