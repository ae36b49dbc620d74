"""Takes an image apart: what it adds to its parent, from the layers in the registry. No engine is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.importing.image_packages import added_packages
from image_matrix.importing.installed_files import reader_of
from image_matrix.importing.package_lists import ImportedImage, PackageImage
from image_matrix.registry.answers import CHECK, ImageConfig, manifest_or_none, words
from image_matrix.registry.http import ConnectionFailed
from image_matrix.registry.image_layers import LayerError, laid_over, read_layer
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from image_matrix.importing.installed_files import Files, Record
    from image_matrix.registry.answers import ImageLayer, Manifest
    from image_matrix.registry.client import Registry
    from image_matrix.registry.image_layers import LayerContents

PLATFORM = "linux/amd64"
"""The platform that is read, if the image has it."""
BASE = "org.opencontainers.image.base.name"
"""The label or annotation that names the parent; opencontainers/image-spec, annotations.md."""
ONLY_PACKAGES = "only packages are carried over; files, `env`, user and services of the image are not"


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


def platform_image(registry: Registry, reference: str, platform: str = "") -> PlatformImage:
    """Return an image of one platform: the one that is named, else linux/amd64, else the first.

    Raises :class:`EnvironmentFailure` for an image that the registry does not have or give.
    """
    index = _manifest(registry, reference)
    if not index.platforms:
        at = parse_reference(reference).at(index.digest)
        return PlatformImage(reference, at, "", index, index.annotations)
    chosen = platform or (PLATFORM if PLATFORM in index.platforms else next(iter(index.platforms)))
    if chosen not in index.platforms:
        problem = f"{reference} is not there for {chosen}"
        raise EnvironmentFailure(problem, "name a parent that has this platform with `--parent`")
    at = parse_reference(reference).at(index.platforms[chosen])
    manifest = _manifest(registry, at)
    return PlatformImage(reference, at, chosen, manifest, {**index.annotations, **manifest.annotations})


def _manifest(registry: Registry, reference: str) -> Manifest:
    manifest = manifest_or_none(reference, registry.manifest(reference))
    if manifest is None:
        raise EnvironmentFailure(f"{reference}: not in the registry", "check the name and the tag")
    return manifest


def named_parent(registry: Registry, image: PlatformImage) -> str:
    """Return the parent that an image names itself; raises :class:`CallError` where it names none."""
    config = registry.config(image.at)
    if not isinstance(config, ImageConfig):
        raise EnvironmentFailure(f"{image.reference}: {words(config)}", CHECK)
    name = image.annotations.get(BASE) or config.labels.get(BASE)
    if not name:
        problem = (
            f"{image.reference} does not say what it is built on: it has no label or annotation `{BASE}`"
        )
        raise CallError(problem, "name it: `--parent REFERENCE`")
    return name


def added_to(
    parent: PlatformImage, image: PlatformImage, registry: Registry, log: Callable[[str], None]
) -> tuple[PackageImage, tuple[str, ...]]:
    """Return the packages that an image has and its parent has not, and notes; ``log`` gets a line for each layer.

    The image that is returned has no parent yet. Layers that the image has from its parent are read once. Raises
    :class:`EnvironmentFailure` for a layer that cannot be read, :class:`CallError` where nothing is added.
    """
    below, all_layers = parent.manifest.layers, image.manifest.layers
    is_prefix = all_layers[: len(below)] == below
    parents = _files(registry, parent, below, {}, log)
    new, lower = (all_layers[len(below) :], parents) if is_prefix else (all_layers, {})
    added = added_packages(_files(registry, image, new, lower, log), parents)
    if not any(added.lists.values()):
        problem = f"{image.reference} has no packages that {parent.reference} lacks"
        raise CallError(problem, "nothing is written; name another parent: `--parent REFERENCE`")
    notes = [*added.notes, ONLY_PACKAGES]
    if not is_prefix:
        problem = f"{image.reference} is not built on the present {parent.reference}"
        notes.insert(0, f"{problem}, so versions that only the parent has changed are listed, too")
    return PackageImage("", added.lists, channels=added.channels), tuple(notes)


def imported_image(
    name: str, start: str, sources: Mapping[str, str], image: PackageImage, notes: Sequence[str]
) -> ImportedImage:
    """Return an image for the matrix, built ``from`` a parent."""
    return ImportedImage(name, replace(image, start=start), sources, tuple(notes))


def _files(
    registry: Registry,
    image: PlatformImage,
    layers: Sequence[ImageLayer],
    lower: Files,
    log: Callable[[str], None],
) -> Files:
    """Return the files about packages of an image whose lower layers have these."""
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
