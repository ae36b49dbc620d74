"""Finds what changed last in released images, by what earlier releases have written of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.inventory.difference import difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.inventory.difference import ImageDifference, ImageState


def last_changes(
    now: Mapping[str, ImageState], records: Iterable[Mapping[str, ImageState]]
) -> dict[str, ImageDifference]:
    """Return what differs in each image from the one that was offered before it, by the ids of variants.

    ``records`` are what the release branch has said, the newest first; no more of them are read than needed. An image
    without an earlier one is left out: it is new, or has not changed as far as the records go.
    """
    return {
        name: difference({name: before}, {name: now[name]}) for name, before in _earlier(now, records).items()
    }


def _earlier(
    now: Mapping[str, ImageState], records: Iterable[Mapping[str, ImageState]]
) -> dict[str, ImageState]:
    """Return the newest image of each variant that has another digest."""
    earlier: dict[str, ImageState] = {}
    left = {name for name, state in now.items() if state.digest}
    for record in records:
        others = {
            name: record[name] for name in left if name in record and _is_other(record[name], now[name])
        }
        earlier |= others
        left -= {*others, *(name for name in left if name not in record)}
        if not left:
            break
    return {name: earlier[name] for name in now if name in earlier}


def _is_other(before: ImageState, now: ImageState) -> bool:
    return before.digest != now.digest
