"""Whether parents and sources are for the platform of a build: an engine takes whatever a reference points to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import Failure
from image_matrix.registry.answers import ImageConfig, Manifest
from image_matrix.registry.reference import parse_reference
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.build.request import BuildLeg, BuildRequest
    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry


def refuse_other_platforms(request: BuildRequest, state: State, registry: Registry) -> None:
    """Raise :class:`Failure` if a parent or source is in its registry, but not for the platform of a leg.

    What the registry does not answer is left to the engine.
    """
    bases = [(leg, reference) for leg in request.legs for reference in _base(request, state, leg)]
    registry.manifests(reference for _, reference in bases)  # all at once; the answers are kept
    for leg, reference in bases:
        platforms = platforms_of(registry, reference)
        if platforms and leg.platform not in platforms:
            base = f"its parent {reference}" if leg.variant.parent else f"the source {leg.variant.source}"
            raise Failure(
                f"{leg.variant.id} cannot be built for {leg.platform}: {base} has {listed(platforms, 5)}",
                _remedy(leg, platforms),
            )


def _base(request: BuildRequest, state: State, leg: BuildLeg) -> Iterator[str]:
    """Yield what a leg is built from, if it is in a registry; of sources with a digest, the lock has the platforms."""
    if leg.variant.parent:
        reference = request.parents.get((leg.variant.parent, leg.platform))
        is_built = any(one.id == (leg.variant.parent, leg.platform) for one in request.legs)
        if reference and not is_built:
            yield reference
    elif leg.variant.source:
        reference = state.pins.pinned(state.loaded.matrix.sources[leg.variant.source])
        if "@" not in reference:
            yield reference


def platforms_of(registry: Registry, reference: str) -> tuple[str, ...]:
    """Return the platforms of a reference, sorted; nothing if the registry does not answer."""
    manifest = registry.manifest(reference)
    if not isinstance(manifest, Manifest):
        return ()
    if manifest.platforms or manifest.config is None:
        return tuple(sorted(manifest.platforms))
    config = registry.config(parse_reference(reference).at(manifest.digest))
    return (config.platform,) if isinstance(config, ImageConfig) and config.platform else ()


def _remedy(leg: BuildLeg, platforms: tuple[str, ...]) -> str:
    if leg.variant.parent:
        command = f"image-matrix build --push --force --platform {leg.platform} {leg.variant.parent}"
        return f"another image was pushed there; build the parent again: `{command}`"
    ours = [platform for platform in leg.variant.platforms if platform in platforms]
    other_source = f"take a source that has {leg.platform}"
    return (
        f"write `platforms: [{', '.join(ours)}]` for `{leg.variant.image}`, or {other_source}"
        if ours
        else other_source
    )
