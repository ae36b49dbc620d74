"""Asks the registry about released images: when their indexes were written, from which commit, and their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.annotations import REVISION
from image_matrix.publish.indexes import CREATED, image_of_entry, images_of_entry
from image_matrix.registry.answers import Manifest, manifest_or_none
from image_matrix.render.lists.catalog_json import CONTENTS
from image_matrix.render.lists.released import ReleasedImage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.json_data import Json
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.registry.client import Registry


def asks_registry(matrix: Matrix) -> bool:
    """Return whether a list of this matrix says more about images than their digests."""
    streams = any(catalog.site.spawner == "opendatahub" for catalog in matrix.catalogs.values())
    return streams or not {"catalog", "page"}.isdisjoint(matrix.release.lists)


def released_images(
    registry: Registry,
    entries: Mapping[str, ReleaseEntry],
    catalog: Mapping[str, Mapping[str, Json]],
    held: Collection[str] = (),
) -> dict[str, ReleasedImage]:
    """Return what is known of the images of a digest file, by variant id.

    ``catalog`` has the entries of the last release's catalog: they say what is in an image that was rolled back to, or
    that is held back (``held``), and save requests. An image that the registry no longer has is left out. Raises
    :class:`EnvironmentFailure` if the registry does not answer.
    """
    known = {
        name: _known(catalog[name], earlier="instead_of" in entry or name in held)
        for name, entry in entries.items()
        if name in catalog
    }
    same = {name: image for name, image in known.items() if image.digest == entries[name]["digest"]}
    asked = {name: _asked(registry, entry) for name, entry in entries.items() if name not in same}
    return {**same, **{name: image for name, image in asked.items() if image}}


def _known(listed: Mapping[str, Json], *, earlier: bool) -> ReleasedImage:
    """Return what the last catalog says; an image of an earlier matrix keeps its contents."""
    contents = {field: listed[field] for field in CONTENTS if field in listed}
    return ReleasedImage(
        digest=listed.get("digest", ""),
        created=listed.get("created", ""),
        commit=listed.get("commit", ""),
        sizes=listed.get("size", {}),
        contents=contents if earlier else None,
    )


def _asked(registry: Registry, entry: ReleaseEntry) -> ReleasedImage | None:
    name = image_of_entry(entry)
    index = manifest_or_none(name, registry.manifest(name))
    if index is None:
        return None
    parts = images_of_entry(entry, index.platforms)
    answers = registry.manifests(parts.values())
    sizes = {platform: size for platform, part in parts.items() if (size := _size(answers[part]))}
    origin = index.annotations
    return ReleasedImage(str(entry["digest"]), origin.get(CREATED, ""), origin.get(REVISION, ""), sizes)


def _size(answer: object) -> int:
    """Return the bytes of an image, compressed; 0 if it is not known."""
    return sum(layer.size for layer in answer.layers) if isinstance(answer, Manifest) else 0
