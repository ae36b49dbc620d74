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
    """Return the file for the images of a digest file.

    ``records`` are those of earlier releases. They say what is in an image that this release does not change, also in
    one that is held back or was rolled back to, of which the matrix of today knows nothing. An image of which no record
    knows the digest is left out, unless its key is the one of today.
    """
    earlier = list(records)
    names = [name for name, entry in entries.items() if _is_of_today(state, name, entry)]
    today = image_states(state.loaded, state.pins, names)
    known: dict[str, ImageState] = {}
    for name, entry in entries.items():
        digest = str(entry["digest"])
        recorded = (one[name] for one in earlier if name in one and one[name].digest == digest)
        current = replace(today[name], digest=digest) if name in today else None
        if image := next(recorded, current):
            known[name] = image
    return File(record_text(known).encode())


def _is_of_today(state: State, name: str, entry: ReleaseEntry) -> bool:
    return name in state.keys and entry.get("key") == state.keys[name].index
