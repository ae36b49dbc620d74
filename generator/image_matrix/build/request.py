"""What a build is to make: variants on platforms, their tags, and the images that they stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.build.ancestors import to_build
from image_matrix.build.site import contexts
from image_matrix.config.mirrors import mirrored
from image_matrix.errors import Blocked
from image_matrix.pinned.actions import image
from image_matrix.pinned.helper_images import SCANNER
from image_matrix.planning.plan import reference
from image_matrix.planning.registry_locations import CANDIDATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.model import Platform, Variant
    from image_matrix.output_tree.files import File
    from image_matrix.planning.plan import State
    from image_matrix.planning.registry_locations import Places

LegId = tuple[str, "Platform"]
"""Variant id and platform."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a build goes, and what of before it may use."""

    push: bool
    """To the registry; otherwise to the engine's image store."""
    candidate: bool = False
    """Push under the candidate tag."""
    staging: bool = False
    """Push below the staging path."""
    cache: str = "none"
    """``read``, ``write`` (and read) or ``none``."""
    fresh: bool = False
    """Run every step of what was asked for, although its result is known."""

    @property
    def layers(self) -> str:
        """How the registry's cache is used: what is staged never writes what the default branch reads."""
        if not self.push:
            return "none"
        return "read" if self.staging and self.cache == "write" else self.cache


@dataclass(frozen=True, slots=True)
class Leg:
    """One variant on one platform: what a CI leg builds."""

    variant: Variant
    platform: Platform
    tags: tuple[str, ...]
    """Full references that the result gets, the one to show first."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Bake's fields for its layers: from and to a registry, or none of before."""

    @property
    def target(self) -> str:
        """Its name in the bake definition."""
        return f"{self.variant.target}-{self.platform.rpartition('/')[2]}"

    @property
    def id(self) -> LegId:
        """Variant id and platform."""
        return self.variant.id, self.platform


@dataclass(frozen=True, slots=True)
class Request:
    """What to build and with what."""

    legs: tuple[Leg, ...]
    """Parents before children."""
    rendered: Mapping[str, File] = field(repr=False)
    parents: Mapping[LegId, str] = field(default_factory=dict)
    """Parents that are not built here, to a reference with a digest."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Named contexts that take the place of sources."""
    secrets: tuple[str, ...] = ()
    builtin_frontend: bool = False
    registries: Mapping[str, str] = field(default_factory=dict)
    """Mirrors of registries, for the frontend too: named contexts do not reach it."""
    scanner: str | None = None
    """The image that makes bills of materials, as the engine is asked for it."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of every target: attestations, say."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Reference of a source, as the engine is asked for it, to its name in the matrix."""


def make_request(
    places: Places,
    wanted: list[LegId],
    there: Mapping[LegId, str],
    aim: Aim,
    secrets: tuple[str, ...],
) -> Request:
    """Ask for what is wanted and for those of its ancestors that are not ``there``."""
    # only what is pushed is staged; on this machine an image has the name that `verify` and people look for
    state = places.target if aim.push else places.main
    matrix = state.loaded.matrix
    legs = tuple(
        Leg(
            state.loaded.variants[name],
            platform,
            _tags(state, name, platform, aim),
            {
                **caching(places.main, name, platform, aim.layers),
                **({"no-cache": True} if aim.fresh and (name, platform) in wanted else {}),
            },
        )
        for name, platform in to_build(state, wanted, there, rebuild=not aim.push)
    )
    used = {
        leg.variant.source: state.pins.pinned(matrix.sources[leg.variant.source])
        for leg in legs
        if leg.variant.source
    }
    scanner = (
        mirrored(image(SCANNER.name), matrix.network.mirrors.registries) if matrix.release.sbom else None
    )
    return Request(
        legs=legs,
        rendered=state.rendered,
        parents=there,
        sources=contexts(used.values(), matrix.network.mirrors),
        secrets=secrets,
        builtin_frontend=matrix.network.builtin_frontend,
        registries=matrix.network.mirrors.registries,
        scanner=scanner if aim.push else None,
        options=attestations(scanner) if aim.push else {},
        names={
            mirrored(reference, matrix.network.mirrors.registries): name for name, reference in used.items()
        },
    )


def _tags(state: State, name: str, platform: Platform, aim: Aim) -> tuple[str, ...]:
    """Push the immutable tag alone; on this machine the short one is at hand for `docker run`."""
    immutable = reference(state, state.loaded.variants[name], platform)
    if aim.candidate:
        return (f"{immutable}{CANDIDATE}",)
    return (immutable,) if aim.push else (f"{state.loaded.matrix.registry}/{name}", immutable)


def refuse_ancestors(request: Request, wanted: Iterable[LegId]) -> None:
    """Raise :class:`Blocked` where a parent would have to be built first: that is its own job's work."""
    missing = [leg.id for leg in request.legs if leg.id not in set(wanted)]
    if missing:
        name, platform = missing[-1]
        raise Blocked(
            f"blocked: the parent {name} is not in the registry for {platform}",
            "its own job did not finish: see why there; this one will go on in the next run",
        )


def caching(state: State, name: str, platform: Platform, cache: str) -> dict[str, list[str]]:
    """Return bake's fields for a cache of its own per variant and platform; one that cannot be written is no failure.

    Source: docs.docker.com/build/cache/backends/registry. It is kept beside the images, under the registry path that is
    read; whoever may write it is decided by the caller.
    """
    if cache == "none":
        return {}
    item = state.loaded.variants[name]
    place = f"{state.loaded.matrix.registry}/{item.image}:cache-{item.label}-{platform.rpartition('/')[2]}"
    read = {"cache-from": [f"type=registry,ref={place}"]}
    return (
        read | {"cache-to": [f"type=registry,ref={place},mode=max,ignore-error=true"]}
        if cache == "write"
        else read
    )


def attestations(scanner: str | None) -> dict[str, list[str]]:
    """Return bake's field for provenance and, with a scanner, a bill of materials."""
    bill = [f"type=sbom,generator={scanner}"] if scanner else []
    return {"attest": ["type=provenance,mode=max", *bill]}
