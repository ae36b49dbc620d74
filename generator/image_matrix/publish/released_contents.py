"""Says what is in released images, for ``deploy/packages.json`` and the catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from image_matrix.config.platforms import architecture
from image_matrix.inventory.difference import image_states
from image_matrix.inventory.in_image import ReadImage, as_built

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.inventory.difference import ImageState
    from image_matrix.inventory.installed_files import Files
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry


Records: TypeAlias = "Iterable[Mapping[str, ImageState]]"
"""What earlier releases say is in images."""
Attached: TypeAlias = "Mapping[str, Mapping[str, Files]]"
"""Id of a variant to platform to the files about packages that builds have attached to its released image."""


def states_of(
    state: State, entries: Mapping[str, ReleaseEntry], records: Records, attached: Attached
) -> dict[str, ImageState]:
    """Return what is in the images of a digest file, by the ids of their variants.

    ``records`` say what is in an image that this release does not change, also in one that is held back or was rolled
    back to, of which the matrix of today knows nothing. An image of which no record knows the digest is left out,
    unless its key is the one of today. Where all platforms of an image have something ``attached``, that counts.
    """
    earlier = list(records)
    today = image_states(state.loaded, state.pins, of_today(state, entries))
    known: dict[str, ImageState] = {}
    for name, entry in entries.items():
        recorded = recorded_image(name, entry, earlier)
        current = _as_built(name, today[name], entry, attached.get(name, {})) if name in today else None
        candidates = [one for one in (recorded, current) if one]
        if candidates:
            known[name] = next((one for one in candidates if one.inventory.from_image), candidates[0])
    return known


def recorded_image(name: str, entry: ReleaseEntry, records: Records) -> ImageState | None:
    """Return what records say is in an image of a digest file; what was read from the image counts first."""
    same = [one[name] for one in records if name in one and one[name].digest == str(entry["digest"])]
    return next((one for one in same if one.inventory.from_image), same[0] if same else None)


def _as_built(name: str, today: ImageState, entry: ReleaseEntry, attached: Mapping[str, Files]) -> ImageState:
    """Return a released variant with what is attached to its images, if every platform has something."""
    current = replace(today, digest=str(entry["digest"]))
    if not attached or not attached.keys() >= {*current.platforms}:
        return current
    chains = {architecture(platform): [ReadImage(name, attached[platform])] for platform in current.platforms}
    return replace(current, inventory=as_built(current.inventory, chains))


def of_today(state: State, entries: Mapping[str, ReleaseEntry]) -> list[str]:
    """Return the ids of the images of a digest file that are built from the matrix as it is."""
    keys = state.keys
    return [name for name, entry in entries.items() if name in keys and entry.get("key") == keys[name].index]
