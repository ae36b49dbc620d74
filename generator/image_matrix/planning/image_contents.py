"""Reads what is installed in images from their layers in a registry. No engine is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.inventory.in_image import ReadImage
from image_matrix.inventory.installed_files import reader_of
from image_matrix.registry.answers import CHECK, Manifest, manifest_or_none
from image_matrix.registry.http import ConnectionFailed
from image_matrix.registry.image_layers import LayerError, laid_over, read_layer
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from image_matrix.inventory.installed_files import Files, Record
    from image_matrix.registry.answers import ImageLayer
    from image_matrix.registry.client import Registry
    from image_matrix.registry.image_layers import LayerContents

PLATFORM = "linux/amd64"
"""The platform that is read, if the image has it."""


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """An image of one platform in a registry."""

    reference: str
    """As the user names it."""
    at: str
    """With the digest of the platform's manifest."""
    platform: str
    """``linux/arm64``; empty if no index says it."""
    manifest: Manifest
    annotations: Mapping[str, str]
    """Those of the index and of the manifest."""


def platform_image(
    registry: Registry, reference: str, platform: str = "", advice: str = "name one that is"
) -> PlatformImage:
    """Return an image of one platform: the one that is named, else linux/amd64, else the first.

    ``advice`` is the remedy for an image that is not there for the platform. Raises :class:`EnvironmentFailure` for it,
    and for one that the registry does not have or give.
    """
    index = _manifest(registry, reference)
    if not index.platforms:
        at = parse_reference(reference).at(index.digest)
        return PlatformImage(reference, at, "", index, index.annotations)
    chosen = platform or (PLATFORM if PLATFORM in index.platforms else next(iter(index.platforms)))
    if chosen not in index.platforms:
        problem = f"{reference} is not there for {chosen}"
        raise EnvironmentFailure(problem, advice)
    at = parse_reference(reference).at(index.platforms[chosen])
    manifest = _manifest(registry, at)
    return PlatformImage(reference, at, chosen, manifest, {**index.annotations, **manifest.annotations})


def _manifest(registry: Registry, reference: str) -> Manifest:
    manifest = manifest_or_none(reference, registry.manifest(reference))
    if manifest is None:
        raise EnvironmentFailure(f"{reference}: not in the registry", "check the name and the tag")
    return manifest


def package_files(
    registry: Registry,
    image: PlatformImage,
    layers: Sequence[ImageLayer],
    lower: Files,
    log: Callable[[str], None],
) -> Files:
    """Return the files about packages of an image whose lower layers have these; ``log`` gets a line for each layer.

    Raises :class:`EnvironmentFailure` for a layer that cannot be read.
    """
    files = lower
    for number, layer in enumerate(layers, start=1):
        log(f"{image.reference}: image layer {number} of {len(layers)}, {_megabytes(layer.size)}")
        try:
            contents = registry.blob(image.at, layer.digest, partial(_read, lower=files))
        except LayerError as error:
            raise EnvironmentFailure(
                f"{image.reference}: {layer.digest}: {error.problem}", error.advice
            ) from error
        except ConnectionFailed as error:
            raise EnvironmentFailure(f"{image.reference}: {layer.digest}: {error.reason}", CHECK) from error
        files = laid_over(files, contents)
    return files


def _read(chunks: Iterator[bytes], lower: Files) -> LayerContents[Record]:
    return read_layer(chunks, lower, reader_of)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def read_chain(
    registry: Registry, images: Mapping[str, str], platform: str, log: Callable[[str], None]
) -> list[ReadImage]:
    """Return the files of an image, and of those that it is built on; each layer is read once.

    ``images`` are references by the ids of variants, from the base up; the last one is the image. One below it that the
    registry does not have, or that has been built again since, is left out. Raises :class:`EnvironmentFailure`.
    """
    *below, name = images
    image = platform_image(registry, images[name], platform)
    layers = image.manifest.layers
    ends: dict[int, str] = {}
    for ancestor in below:
        answer = registry.manifest(images[ancestor])
        part = platform_image(registry, images[ancestor], platform) if isinstance(answer, Manifest) else None
        if part and part.manifest.layers and layers[: len(part.manifest.layers)] == part.manifest.layers:
            ends.setdefault(len(part.manifest.layers), ancestor)
    ends[len(layers)] = name
    chain: list[ReadImage] = []
    files: Files = {}
    start = 0
    for end, variant in sorted(ends.items()):
        files = package_files(registry, image, layers[start:end], files, log)
        chain.append(ReadImage(variant, files))
        start = end
    return chain
