"""Makes ``deploy/catalog.html``: the catalog for users, of what is released."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.inventory.contents import inventories
from image_matrix.publish.last_changes import last_changes
from image_matrix.publish.released_contents import of_today
from image_matrix.render.docs.catalog import catalog_page
from image_matrix.render.docs.catalog_data import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.inventory.difference import ImageState
    from image_matrix.inventory.model import Content, Inventory
    from image_matrix.output_tree.files import File
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.render.lists.released import ReleasedImage

NOT_RECORDED = "not recorded"
"""The version of a package of which the record of an earlier release has none."""


def page_file(
    state: State,
    entries: Mapping[str, ReleaseEntry],
    released: Mapping[str, ReleasedImage],
    known: Mapping[str, ImageState],
    history: Iterable[Mapping[str, ImageState]] = (),
) -> File:
    """Return the page of the images of a digest file.

    ``released`` is what the registry says about them, and ``known`` what is in them: an image that is held back or was
    rolled back to is not what the matrix of today says. ``history`` is what the release branch has said, the newest
    first: it tells what changed last in each image.
    """
    loaded, today = state.loaded, of_today(state, entries)
    recorded = {name: _as_recorded(one.inventory) for name, one in known.items()}
    by_matrix = [name for name in today if not known[name].inventory.from_image]
    shown = Shown(
        loaded,
        {**recorded, **inventories(loaded.matrix, loaded.variants, state.pins, by_matrix)},
        entries,
        {name: str(entry["reference"]) for name, entry in entries.items()},
        released,
        last_changes(known, history),
        frozenset(entries).difference(today),
    )
    return catalog_page(shown, state.templates)


def _as_recorded(inventory: Inventory) -> Inventory:
    contents = {name: _with_words(one) for name, one in inventory.contents.items()}
    return replace(inventory, contents=contents)


def _with_words(content: Content) -> Content:
    return content if content.version else replace(content, archive=content.archive or NOT_RECORDED)
