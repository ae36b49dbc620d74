"""Reads what builds have attached to released images about their packages, as far as no release has written it down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from image_matrix.planning.attached_packages import packages_attached
from image_matrix.publish.indexes import image_of_entry, images_of_entry
from image_matrix.publish.released_contents import of_today, recorded_image
from image_matrix.registry.answers import Manifest
from image_matrix.registry.client import CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.inventory.installed_files import Files
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.publish.released_contents import Attached, Records
    from image_matrix.registry.client import Registry


def attached_lists(
    registry: Registry,
    state: State,
    entries: Mapping[str, ReleaseEntry],
    records: Records,
    log: Callable[[str], None],
) -> Attached:
    """Return what is attached to the images of a digest file that are built from the matrix as it is.

    An image of which ``records`` have it is not asked again. What cannot be read is left out; ``log`` gets the reason.
    """
    known = list(records)
    names = [name for name in of_today(state, entries) if not _is_recorded(name, entries[name], known)]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        lists = pool.map(lambda name: _of_platforms(registry, entries[name], log), names)
        return dict(zip(names, lists, strict=True))


def _is_recorded(name: str, entry: ReleaseEntry, records: Records) -> bool:
    image = recorded_image(name, entry, records)
    return image is not None and image.inventory.from_image


def _of_platforms(registry: Registry, entry: ReleaseEntry, log: Callable[[str], None]) -> Mapping[str, Files]:
    """Return what is attached to the image of each platform."""
    index = registry.manifest(image_of_entry(entry))
    if not isinstance(index, Manifest):
        return {}
    images = images_of_entry(entry, index.platforms)
    lists = {platform: packages_attached(registry, image, log) for platform, image in images.items()}
    return {platform: packages.files() for platform, packages in lists.items() if packages}
