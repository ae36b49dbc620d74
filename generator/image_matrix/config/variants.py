"""Expands images to variants: every combination of axis values that the parent has and ``exclude`` leaves."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from image_matrix.config.layer_order import FROM, fits, start_of
from image_matrix.config.read import image_contexts
from image_matrix.config.resolve import resolve
from image_matrix.config.resolved_variant import variant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from image_matrix.config.model import Image, Matrix, Variant
    from image_matrix.config.resolve import Resolution

DEFAULT_LABEL = "default"


def expand(matrix: Matrix) -> dict[str, Variant]:
    """Return all variants by id, parents before children; images with an unsound ancestor are left out."""
    variants: dict[str, Variant] = {}
    by_image: dict[str, list[Variant]] = {}
    for name in sound_images(matrix):
        image = matrix.images[name]
        declared = _variants(matrix, image, by_image)
        by_image[name] = [_with_contexts(matrix, item, by_image) for item in declared]
        variants.update((item.id, item) for item in by_image[name])
    return variants


def _with_contexts(matrix: Matrix, item: Variant, by_image: Mapping[str, Sequence[Variant]]) -> Variant:
    """Return a variant with what replaces names in its Dockerfile: variants and sources."""
    if item.build is None or not item.build.contexts:
        return item
    images = {
        name: chosen.id
        for name, image in item.build.contexts.items()
        if (chosen := agreeing(item.values, by_image.get(image, ()))) is not None
    }
    sources = {name: source for name, source in item.build.contexts.items() if source in matrix.sources}
    return replace(item, build=replace(item.build, images=images, sources=sources))


def agreeing(values: Mapping[str, str], others: Sequence[Variant]) -> Variant | None:
    """Return the first variant with the same value of every axis that both have."""
    return next(
        (
            other
            for other in others
            if all(values.get(axis, value) == value for axis, value in other.values.items())
        ),
        None,
    )


def sound_images(matrix: Matrix) -> dict[str, Image]:
    """Return the images whose chain ends at a known source, in build order."""
    sound: dict[str, Image] = {}
    for name in matrix.order.layers:
        image = matrix.images[name]
        needed = (*image.parents, *image_contexts(matrix.defaults, image, matrix.images))
        if sound.keys() >= {*needed} and _has_known_references(matrix, image):
            sound[name] = image
    return sound


def _has_known_references(matrix: Matrix, image: Image) -> bool:
    return all(
        (item.source is None or item.source in matrix.sources)
        and (item.accelerator is None or item.accelerator in matrix.accelerators)
        and all(bundle in matrix.bundles for bundle in item.bundles)
        and all(name in matrix.images or name in matrix.sources for name in item.contexts.values())
        for item in (image.settings, *(override.settings for override in image.overrides))
    )


def combinations(
    image: Image, variants: Mapping[str, Sequence[Variant]]
) -> list[tuple[dict[str, str], Variant | None]]:
    """Return every combination of axis values before ``exclude``, each with its parent.

    An axis that the parents have is narrowed to the values that the image names, in the image's order. ``variants``
    are those of each image. Where overrides name other parents or sources, each combination has its own.
    """
    every = [
        (values, parent)
        for start in _starts(image)
        for values, parent in _combined(image, start, variants)
        if _parent_of(image, values) == start
    ]
    return every if len(_starts(image)) == 1 else sorted(every, key=lambda item: _position(image, item[0]))


def _starts(image: Image) -> tuple[str | None, ...]:
    """Return the images that variants are built FROM; ``None`` stands for any source."""
    named = (image.parent, *(override.parent for override in image.overrides if override.start is not None))
    return tuple(dict.fromkeys(named))


def _parent_of(image: Image, values: Mapping[str, str]) -> str | None:
    start = start_of(image, values)
    return start if start in image.parents else None


def _position(image: Image, values: Mapping[str, str]) -> list[int]:
    return [named.index(values[axis]) for axis, named in image.axes.items() if values.get(axis) in named]


def _chosen_axes(image: Image, start: str | None) -> dict[str, tuple[str, ...]]:
    """Return the axes by which overrides choose a parent, or a source: its variants have them, too."""
    chosen: dict[str, tuple[str, ...]] = {}
    for override in image.overrides:
        if override.start is not None and override.parent == start:
            for axis, values in override.match.items():
                chosen[axis] = tuple(dict.fromkeys((*chosen.get(axis, ()), *values)))
    return {axis: values for axis, values in chosen.items() if axis != FROM}


def _combined(
    image: Image, start: str | None, variants: Mapping[str, Sequence[Variant]]
) -> Iterator[tuple[dict[str, str], Variant | None]]:
    """Yield the values of each parent's variants that the image leaves, with those of the axes that it adds."""
    parents: Sequence[Variant | None] = (None,) if start is None else variants.get(start, ())
    inherited = {axis for parent in parents if parent for axis in parent.values}
    is_declared = image.start is not None and start == image.parent
    axes = image.axes if is_declared else {**_chosen_axes(image, start), **image.axes}
    added = [[(axis, value) for value in values] for axis, values in axes.items() if axis not in inherited]
    narrowed = {axis: values for axis, values in image.axes.items() if axis in inherited}
    for parent in _narrowed(parents, narrowed):
        for choice in product(*added):
            yield {**(parent.values if parent else {}), **dict(choice)}, parent


def _narrowed(
    starts: Sequence[Variant | None], narrowed: Mapping[str, tuple[str, ...]]
) -> Sequence[Variant | None]:
    """Return the parents that have these values, in the order in which the values are named."""
    fitting = [
        start
        for start in starts
        if start is None or all(start.values.get(axis) in values for axis, values in narrowed.items())
    ]
    return sorted(
        fitting,
        key=lambda start: [
            values.index(start.values[axis]) if start else 0 for axis, values in narrowed.items()
        ],
    )


def kept(image: Image, values: Mapping[str, str]) -> bool:
    """Say whether ``exclude`` leaves a combination."""
    return not any(fits(match, image, values) for match in image.exclude)


def _variants(matrix: Matrix, image: Image, by_image: Mapping[str, Sequence[Variant]]) -> Iterator[Variant]:
    for values, parent in combinations(image, by_image):
        if kept(image, values):
            resolution = resolve(matrix, image, values, parent)
            if parent is not None or resolution.value("source"):
                yield variant(image, values, label_of(values), parent, resolution, matrix.kinds)


def label_of(values: Mapping[str, str]) -> str:
    """Return ``python3.13`` or ``python3.13-slim``: a value that starts with a digit is named by its axis.

    A tag has no ``+`` (github.com/opencontainers/distribution-spec, "Pulling manifests"); it becomes ``_``, as in Helm.
    """
    parts = [f"{axis}{value}" if value[:1].isdigit() else value for axis, value in values.items()]
    return "-".join(parts).replace("+", "_") or DEFAULT_LABEL


def by_image(variants: Iterable[Variant]) -> dict[str, list[Variant]]:
    """Group variants by image, both in their order."""
    grouped: dict[str, list[Variant]] = {}
    for item in variants:
        grouped.setdefault(item.image, []).append(item)
    return grouped


def resolutions(matrix: Matrix, variants: Mapping[str, Variant], image: str) -> dict[str, Resolution]:
    """Return how the settings of each variant of an image came about."""
    return {
        item.id: resolution_of(matrix, variants, item) for item in variants.values() if item.image == image
    }


def resolution_of(matrix: Matrix, variants: Mapping[str, Variant], variant: Variant) -> Resolution:
    """Return how the settings of a variant came about."""
    return resolve(matrix, matrix.images[variant.image], variant.values, variants.get(variant.parent or ""))
