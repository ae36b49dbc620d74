"""Makes ``deploy/packages.json``: what is in each released image, for later comparisons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.inventory.difference import image_states
from image_matrix.inventory.record import record_text
from image_matrix.output_tree.files import File

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.inventory.difference import ImageState
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry


def packages_file(
    state: State, entries: Mapping[str, ReleaseEntry], records: Iterable[Mapping[str, ImageState]]
) -> File:
    """Return the file for the images of a digest file."""
    return File(record_text(states_of(state, entries, records)).encode())


def states_of(
    state: State, entries: Mapping[str, ReleaseEntry], records: Iterable[Mapping[str, ImageState]]
) -> dict[str, ImageState]:
    """Return what is in the images of a digest file, by the ids of their variants.

    ``records`` are those of earlier releases. They say what is in an image that this release does not change, also in
    one that is held back or was rolled back to, of which the matrix of today knows nothing. An image of which no record
    knows the digest is left out, unless its key is the one of today.
    """
    earlier = list(records)
    today = image_states(state.loaded, state.pins, of_today(state, entries))
    known: dict[str, ImageState] = {}
    for name, entry in entries.items():
        digest = str(entry["digest"])
        recorded = (one[name] for one in earlier if name in one and one[name].digest == digest)
        current = replace(today[name], digest=digest) if name in today else None
        if image := next(recorded, current):
            known[name] = image
    return known


def of_today(state: State, entries: Mapping[str, ReleaseEntry]) -> list[str]:
    """Return the ids of the images of a digest file that are built from the matrix as it is."""
    keys = state.keys
    return [name for name, entry in entries.items() if name in keys and entry.get("key") == keys[name].index]
