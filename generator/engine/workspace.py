"""What buildx is given: the build contexts of some variants and one bake definition, in a folder of its own.

Builds do not read the generated tree: file modes, line ends and edits of a checkout cannot reach an image.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from generator.render.dockerfile import parent_reference
from generator.tree import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.matrix.model import Matrix, Platform, Variant
    from generator.plan import State
    from generator.render.file import File

BAKE_FILE = "docker-bake.json"


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a build goes."""

    push: bool
    candidate: bool = False
    """Push under the candidate tag."""
    cache: str = "none"
    """``read``, ``write`` (and read) or ``none``."""
    fresh: bool = False
    """Run every step of what was asked for, although its result is known."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One variant on one platform: what a CI leg builds."""

    variant: Variant
    platform: Platform
    tags: tuple[str, ...]
    """Full references that the result gets, the one to show first."""
    caches: Mapping[str, Any] = field(default_factory=dict)
    """Bake's fields for layers from and to a registry."""

    @property
    def target(self) -> str:
        """Its name in the bake definition."""
        return f"{self.variant.target}-{self.platform.rpartition('/')[2]}"

    @property
    def id(self) -> tuple[str, Platform]:
        """Variant id and platform."""
        return self.variant.id, self.platform


@dataclass(frozen=True, slots=True)
class Request:
    """What to build and with what."""

    legs: tuple[Leg, ...]
    """Parents before children."""
    rendered: Mapping[str, File] = field(repr=False)
    parents: Mapping[tuple[str, Platform], str] = field(default_factory=dict)
    """Parents that are not built here: variant id and platform to a reference with a digest."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Named contexts that take the place of sources."""
    secrets: tuple[str, ...] = ()
    builtin_frontend: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of every target: attestations, say."""


def write_workspace(folder: Path, request: Request) -> list[str]:
    """Write the contexts and the bake file; return the targets in build order."""
    folders = {leg.variant.folder for leg in request.legs}
    for path, file in request.rendered.items():
        if "/".join(path.split("/", 3)[:3]) in folders:
            write_atomically(folder / path, _for_engine(path, file, builtin=request.builtin_frontend))
    (folder / BAKE_FILE).write_text(json.dumps(definition(request), indent=2))
    return [leg.target for leg in request.legs]


def _for_engine(path: str, file: File, *, builtin: bool) -> File:
    """Take the ``# syntax`` line away where the engine's own frontend is to be used: it reads no other sign."""
    if not builtin or not path.endswith("/Dockerfile"):
        return file
    first, _, rest = file.content.partition(b"\n")
    return type(file)(rest if first.startswith(b"# syntax=") else file.content, file.executable)


def definition(request: Request) -> dict[str, Any]:
    """Return the bake definition of a request."""
    built = {leg.id: leg.target for leg in request.legs}
    return {"target": {leg.target: _target(request, leg, built) for leg in request.legs}}


def _target(request: Request, leg: Leg, built: Mapping[tuple[str, Platform], str]) -> dict[str, Any]:
    return {
        "context": leg.variant.folder,
        "contexts": {**request.sources, **_parent(request, leg, built)},
        "platforms": [leg.platform],
        "tags": list(leg.tags),
        **({"secret": list(request.secrets)} if request.secrets else {}),
        **leg.caches,
        **request.options,
    }


def _parent(request: Request, leg: Leg, built: Mapping[tuple[str, Platform], str]) -> dict[str, str]:
    """Return the context of the parent: a target of this definition, or an image by digest."""
    if leg.variant.parent is None:
        return {}
    parent = (leg.variant.parent, leg.platform)
    where = f"target:{built[parent]}" if parent in built else f"docker-image://{request.parents[parent]}"
    return {parent_reference(leg.variant.parent): where}


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


def attestations(matrix: Matrix) -> dict[str, list[str]]:
    """Return bake's field for provenance and, where wanted, a bill of materials by a scanner at a digest."""
    from generator.actions import image
    from generator.mirrors import mirrored

    found = ["type=provenance,mode=max"]
    if matrix.build.sbom:
        scanner = mirrored(image("docker.io/docker/buildkit-syft-scanner"), matrix.mirrors.registries)
        found.append(f"type=sbom,generator={scanner}")
    return {"attest": found}
