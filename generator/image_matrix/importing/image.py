"""Takes an image apart: what it adds to its parent, from the layers in the registry. No engine is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.importing.image_packages import added_packages
from image_matrix.importing.package_lists import ImportedImage, PackageImage
from image_matrix.planning.image_contents import package_files
from image_matrix.registry.answers import CHECK, ImageConfig, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from image_matrix.planning.image_contents import PlatformImage
    from image_matrix.registry.client import Registry

BASE = "org.opencontainers.image.base.name"
"""The label or annotation that names the parent; opencontainers/image-spec, annotations.md."""
ONLY_PACKAGES = "only packages are carried over; files, `env`, user and services of the image are not"


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
    parents = package_files(registry, parent, below, {}, log)
    new, lower = (all_layers[len(below) :], parents) if is_prefix else (all_layers, {})
    added = added_packages(package_files(registry, image, new, lower, log), parents)
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
