"""Reads what is installed in images from their layers in a registry. No engine is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.inventory.by_layer import PackagesByLayer, layer_packages
from image_matrix.inventory.in_image import ReadImage
from image_matrix.inventory.installed_files import reader_of
from image_matrix.planning.attached_packages import packages_attached
from image_matrix.registry.answers import CHECK, Manifest, manifest_or_none
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.image_layers import LayerError, laid_over, read_layer
from image_matrix.registry.reference import parse_reference
from image_matrix.text import megabytes

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
    for above in _laid_over_each_other(registry, image, layers, lower, log):
        files = above
    return files


def _laid_over_each_other(
    registry: Registry,
    image: PlatformImage,
    layers: Sequence[ImageLayer],
    lower: Files,
    log: Callable[[str], None],
) -> Iterator[Files]:
    """Yield the files with each of the layers."""
    files = lower
    for number, layer in enumerate(layers, start=1):
        log(f"{image.reference}: image layer {number} of {len(layers)}, {megabytes(layer.size)}")
        try:
            contents = registry.blob(image.at, layer.digest, partial(_read, lower=files))
        except LayerError as error:
            raise EnvironmentFailure(
                f"{image.reference}: {layer.digest}: {error.problem}", error.advice
            ) from error
        except ConnectionFailed as error:
            raise EnvironmentFailure(f"{image.reference}: {layer.digest}: {error.reason}", CHECK) from error
        files = laid_over(files, contents)
        yield files


def _read(chunks: Iterator[bytes], lower: Files) -> LayerContents[Record]:
    return read_layer(chunks, lower, reader_of)


def packages_by_layer(
    registry: Registry, image: PlatformImage, known: PackagesByLayer, log: Callable[[str], None]
) -> PackagesByLayer:
    """Return what each layer of an image changes; the layers that are known from its parent are not read again.

    Raises :class:`EnvironmentFailure` for a layer that cannot be read.
    """
    shared = known.shared_with(layer.digest for layer in image.manifest.layers)
    changes, files = [*shared.layers], shared.files()
    new = image.manifest.layers[len(changes) :]
    for layer, above in zip(new, _laid_over_each_other(registry, image, new, files, log), strict=True):
        changes.append(layer_packages(layer.digest, files, above))
        files = above
    return PackagesByLayer(tuple(changes))


def read_chain(
    registry: Registry, images: Mapping[str, str], platform: str, log: Callable[[str], None]
) -> list[ReadImage]:
    """Return the files of an image, and of those that it is built on.

    What a build has attached to the image, or to one below it, is believed; of other layers, each is read once.
    ``images`` are references by the ids of variants, from the base up; the last one is the image. One below it that the
    registry does not have, or that has been built again since, is left out. Raises :class:`EnvironmentFailure`.
    """
    *below, name = images
    image = platform_image(registry, images[name], platform)
    parts = {
        ancestor: platform_image(registry, images[ancestor], platform)
        for ancestor in below
        if isinstance(registry.manifest(images[ancestor]), Manifest)
    }
    packages = packages_by_layer(registry, image, _known(registry, image, [*parts.values()], log), log)
    return chain_of(packages, name, {ancestor: part.manifest for ancestor, part in parts.items()})


def _known(
    registry: Registry, image: PlatformImage, below: Sequence[PlatformImage], log: Callable[[str], None]
) -> PackagesByLayer:
    """Return what is attached to the image, or to the next one below it that has something."""
    for one in (image, *reversed(below)):
        if packages := packages_attached(registry, one.at, log):
            return packages
    return PackagesByLayer()


def chain_of(packages: PackagesByLayer, name: str, below: Mapping[str, Manifest]) -> list[ReadImage]:
    """Return the files of the variant ``name``, and of the images ``below`` it that its layers begin with."""
    digests = [one.layer for one in packages.layers]
    ends: dict[int, str] = {}
    for ancestor, manifest in below.items():
        lower = [layer.digest for layer in manifest.layers]
        if lower and digests[: len(lower)] == lower:
            ends.setdefault(len(lower), ancestor)
    ends[len(digests)] = name
    return [ReadImage(variant, packages.files(end)) for end, variant in sorted(ends.items())]
