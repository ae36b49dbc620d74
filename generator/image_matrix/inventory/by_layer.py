"""Keeps what each layer of an image changes in its packages, so that a child reads no layer of its parent again."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.inventory.file_data import files_data, read_files
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.inventory.installed_files import Files

FORMAT = 1
LARGEST = 64 << 20
"""Bytes of a text that is read; one of 3,000 packages has less than one million."""


@dataclass(frozen=True, slots=True)
class LayerPackages:
    """What a layer changes."""

    layer: str
    """The digest of the layer."""
    files: Files
    """The files about packages that it adds, or that say something else now."""
    gone: tuple[str, ...] = ()
    """Paths of those that it hides."""


@dataclass(frozen=True, slots=True)
class PackagesByLayer:
    """The files about packages in an image of one platform, from the lowest layer up."""

    layers: tuple[LayerPackages, ...] = ()

    def files(self, count: int | None = None) -> Files:
        """Return the files with the lowest ``count`` layers; by default with all."""
        files: Files = {}
        for one in self.layers[:count]:
            gone = frozenset(one.gone)
            files = {**{path: record for path, record in files.items() if path not in gone}, **one.files}
        return files

    def shared_with(self, layers: Iterable[str]) -> PackagesByLayer:
        """Return the layers from the lowest up that an image with these digests has, too."""
        count = 0
        for one, layer in zip(self.layers, layers, strict=False):
            if one.layer != layer:
                break
            count += 1
        return PackagesByLayer(self.layers[:count])


def layer_packages(layer: str, lower: Files, upper: Files) -> LayerPackages:
    """Return what a layer changes that makes ``upper`` of ``lower``."""
    files = {path: record for path, record in upper.items() if path not in lower or lower[path] != record}
    return LayerPackages(layer, files, tuple(sorted(path for path in lower if path not in upper)))


def packed(image: str, packages: PackagesByLayer) -> bytes:
    """Return the packages of the image with this digest as JSON, compressed: always the same bytes."""
    layers = [
        {"layer": one.layer, "files": files_data(one.files), "gone": list(one.gone)}
        for one in packages.layers
    ]
    content = {"version": FORMAT, "image": image, "layers": layers}
    return gzip.compress(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(), mtime=0)


def unpacked(image: str, chunks: Iterable[bytes]) -> PackagesByLayer:
    """Return the packages of the image with this digest.

    Raises :class:`ValueError` for content of another form, and for that of another image.
    """
    try:
        content = read_json(_text(chunks))
        if content["version"] != FORMAT or content["image"] != image:
            raise ValueError("it is of another image, or of another version of image-matrix")
        return PackagesByLayer(
            tuple(
                LayerPackages(str(one["layer"]), read_files(one["files"]), tuple(map(str, one["gone"])))
                for one in content["layers"]
            )
        )
    except (KeyError, TypeError, AttributeError, zlib.error) as error:
        raise ValueError("it is not a list of packages") from error


def _text(chunks: Iterable[bytes]) -> bytes:
    """Return what is compressed; raises :class:`ValueError` if it is too large."""
    unpack, parts, room = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), list[bytes](), LARGEST
    for chunk in chunks:
        parts.append(unpack.decompress(chunk, room + 1))
        room -= len(parts[-1])
        if room < 0:
            raise ValueError(f"it is larger than {LARGEST >> 20} MiB")
    return b"".join(parts)
