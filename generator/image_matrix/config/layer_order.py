"""Orders what sets the settings of a variant, from what is built in to the image's overrides; the last wins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.layers import Layer, Origin, last, remaining
from image_matrix.config.model import DEFAULT_CHANNELS, Kind, Settings, Variant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.accelerators import Accelerator
    from image_matrix.config.model import Image, Match, Matrix
    from image_matrix.diagnostics import Path as FieldPath

FROM = "from"
"""The key of a match that is about what a variant is built FROM."""


NO_KIND = "generic"
"""The template of images that name no kind: they add to what is there."""


def matches(match: Match, values: Mapping[str, str]) -> bool:
    """Say whether axis values satisfy a match."""
    return all(values.get(axis) in accepted for axis, accepted in match.items())


def start_of(image: Image, values: Mapping[str, str]) -> str | None:
    """Return what a variant is built FROM: of the overrides that name an image or source, the last that matches."""
    named = (
        one.start for one in reversed(image.overrides) if one.start is not None and matches(one.match, values)
    )
    return next(named, image.start)


def start_path(image: Image, values: Mapping[str, str]) -> FieldPath:
    """Return where the matrix says what a variant is built FROM."""
    path: FieldPath = ("images", image.name)
    for position, override in reversed([*enumerate(image.overrides)]):
        if override.start is not None and matches(override.match, values):
            return (*path, "overrides", position, "from")
    return (*path, "from")


def fits(match: Match, image: Image, values: Mapping[str, str]) -> bool:
    """Say whether a variant satisfies a match: by its axis values, and by what it is built FROM."""
    start = start_of(image, values) if FROM in match else None
    return matches(match, values if start is None else {**values, FROM: start})


def layers_of(matrix: Matrix, image: Image, values: Mapping[str, str], parent: Variant | None) -> list[Layer]:
    """Return what sets the settings of one variant, in the order of precedence; the last wins."""
    first = [_built_in(), _defaults(matrix), *_inherited(parent)]
    named = [_without_source(layer) if parent else layer for layer in _image_layers(image, values)]
    accelerator = last(remaining([*first, *named]), "accelerator")
    owner = accelerator.origin if accelerator else None
    layers = [
        *first,
        *_source_layer(matrix, [*first, *named], parent),
        *_kind_layer(matrix, [*first, *named]),
    ]
    for layer in named:
        layers += [_bundle_layer(matrix, name) for name in layer.settings.bundles]
        inherited = owner is not None and layer is named[0] and owner.kind in ("defaults", "parent")
        if accelerator and accelerator.value in matrix.accelerators and (owner == layer.origin or inherited):
            layers.append(
                _accelerator_layer(matrix.accelerators[accelerator.value], inherited=owner != layer.origin)
            )
        layers.append(layer)
    return layers


def _built_in() -> Layer:
    settings = Settings(
        kind=NO_KIND,
        python_provider="distribution",
        system_site_packages=False,
        accelerator_optional=False,
        publish=True,
        contract="none",
        platforms=("linux/amd64",),
        channels=DEFAULT_CHANNELS,
    )
    return Layer(Origin("built in"), settings)


def _defaults(matrix: Matrix) -> Layer:
    return Layer(Origin("defaults", "", ("defaults", "images")), matrix.defaults)


def _inherited(parent: Variant | None) -> list[Layer]:
    """What passes to children; files, packages, variables and labels are already in the parent's image."""
    if parent is None:
        return []
    settings = Settings(
        accelerator=parent.accelerator,
        python_provider=parent.python_provider,
        system_site_packages=parent.system_site_packages,
        accelerator_optional=parent.accelerator_optional,
        index_url=parent.index_url,
        cran_snapshot=parent.cran_snapshot,
        system_libraries=parent.system_libraries,
        extra_index_urls=parent.extra_index_urls,
        channels=parent.channels,
        contract=parent.contract,
        platforms=parent.platforms,
    )
    return [Layer(Origin("parent", parent.id, ("images", parent.image)), settings)]


def _source_layer(matrix: Matrix, layers: Sequence[Layer], parent: Variant | None) -> Iterable[Layer]:
    """Yield what the source of an image provides; with a parent, its ancestors have that already."""
    source = None if parent else last(remaining(layers), "source")
    if source and source.value in matrix.provided:
        path: FieldPath = ("sources", source.value)
        yield Layer(Origin("source", source.value, path), Settings(provides=matrix.provided[source.value]))


def _kind_layer(matrix: Matrix, layers: Sequence[Layer]) -> Iterable[Layer]:
    """Yield what the kind of an image sets: the contract of its template."""
    kind = last(remaining(layers), "kind")
    if kind and kind.value != NO_KIND:
        contract = matrix.kinds.get(kind.value, Kind()).contract
        yield Layer(Origin("kind", kind.value), Settings(contract=contract))


def _image_layers(image: Image, values: Mapping[str, str]) -> Iterable[Layer]:
    path: FieldPath = ("images", image.name)
    yield Layer(Origin("image", image.name, path), image.settings)
    for position, override in enumerate(image.overrides):
        if fits(override.match, image, values):
            text = ", ".join(f"{axis} {'/'.join(accepted)}" for axis, accepted in override.match.items())
            yield Layer(Origin("override", text, (*path, "overrides", position)), override.settings)


def _without_source(layer: Layer) -> Layer:
    """Return a layer of a variant that is built on an image, where the source is that of other variants."""
    return replace(layer, settings=replace(layer.settings, source=None))


def _bundle_layer(matrix: Matrix, name: str) -> Layer:
    return Layer(Origin("bundle", name, ("bundles", name)), matrix.bundles.get(name, Settings()))


def _accelerator_layer(item: Accelerator, *, inherited: bool) -> Layer:
    """Return what an accelerator sets.

    Where it is inherited, its variables, folders of PATH and repositories of apt are in the parent's image already.
    """
    env = {} if inherited else {key: item.versioned(value) for key, value in item.env.items()}
    repositories = () if inherited else item.apt_repositories
    indexes = tuple(item.versioned(address) for address in item.extra_index_urls)
    index = item.versioned(item.index_url) if item.index_url else None
    settings = Settings(
        index_url=index,
        extra_index_urls=indexes,
        channels=tuple(item.versioned(channel) for channel in item.channels),
        apt_repositories=tuple(one.with_texts(item.versioned) for one in repositories),
        path=() if inherited else item.path,
        env=env,
        platforms=item.platforms,
    )
    return Layer(Origin("accelerator", item.name, ("accelerators", item.name)), settings)
