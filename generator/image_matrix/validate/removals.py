"""``null`` and removed packages that take nothing away: a misspelt name, or what an image cannot be without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.layer_order import layers_of
from image_matrix.config.layers import REMOVE, idle
from image_matrix.config.lineage import ancestors
from image_matrix.config.model import MANAGERS
from image_matrix.config.package_names import package_name
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.layers import Layer, Steps
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path


def removes_nothing(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Fields that an image or override takes away though nothing sets them in any variant that it is for."""
    for name, image in matrix.images.items():
        of_image = [item for item in expanded.values() if item.image == name]
        if not any(one.taken_away for one in (image.settings, *(one.settings for one in image.overrides))):
            continue
        every = [layers_of(matrix, image, one.values, expanded.get(one.parent or "")) for one in of_image]
        for path, steps in _in_all(every):
            above = [one for item in of_image for one in ancestors(expanded, item)]
            advice = _advice(steps, [layer for layers in every for layer in layers], above)
            yield rules.REMOVES_NOTHING.at((*path, *steps), "key", advice=advice)


def _in_all(variants: Sequence[Sequence[Layer]]) -> list[tuple[Path, Steps]]:
    """Return what takes nothing away in any of the variants that have it."""
    unused = {removal for layers in variants for removal in idle(layers)}
    used = {removal for layers in variants for removal in {*_removals(layers)} - {*idle(layers)}}
    return sorted(unused - used, key=str)


def _removals(layers: Sequence[Layer]) -> Iterator[tuple[Path, Steps]]:
    return ((layer.origin.path, steps) for layer in layers for steps in layer.settings.taken_away)


def _advice(steps: Steps, layers: Sequence[Layer], above: Sequence[Variant]) -> str:
    name, *inner = steps
    if inner[:1] == [REMOVE]:
        return _package_advice(name, inner[1], layers, above)
    if name == "env" and inner and any(inner[0] in item.env for item in above):
        return f'the image that it is built on has it: write `{inner[0]}: ""` to empty it'
    known = {key for layer in layers for key in _entries(layer, steps)}
    near = did_you_mean(steps[-1], known - {steps[-1]}) if known - {steps[-1]} else ""
    return near if near.endswith("?") else "remove the line"


def _package_advice(installer: str, removed: str, layers: Sequence[Layer], above: Sequence[Variant]) -> str:
    """Return what to do instead of removing a package that nothing lists before."""
    manager = next(manager for manager in MANAGERS if manager == installer)
    key = package_name(manager, removed)
    if any(package_name(manager, item) == key for one in above for item in one.packages.get(manager, ())):
        return "the image that it is built on has it: an image keeps what its parent installs"
    known = {package_name(manager, item) for one in layers for item in one.settings.packages.get(manager, ())}
    near = did_you_mean(removed, known) if known else ""
    return near if near.endswith("?") else "remove the line"


def _entries(layer: Layer, steps: Steps) -> list[str]:
    """Return the names beside the one that is taken away."""
    items: object = getattr(layer.settings, steps[0], None)
    for step in steps[1:-1]:
        items = items.get(step) if isinstance(items, dict) else None
    return [str(key) for key in items] if isinstance(items, dict) and len(steps) > 1 else []
