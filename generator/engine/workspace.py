"""What buildx is given: the build contexts of some variants and one bake definition, in a folder of its own.

Builds do not read the generated tree: file modes, line ends and edits of a checkout cannot reach an image.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.render.bake import definition
from generator.tree import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from generator.matrix.model import Variant
    from generator.render.file import File

BAKE_FILE = "docker-bake.json"


@dataclass(frozen=True, slots=True)
class Request:
    """What to build and how."""

    variants: Mapping[str, Variant]
    """The variants to build, parents before children."""
    rendered: Mapping[str, File]
    registry: str
    platforms: tuple[str, ...] = ()
    """Build for these only; empty: all of each variant's."""
    tags: Mapping[str, tuple[str, ...]] | None = None
    """Variant id to full tags, in place of ``registry/image:label``."""
    parents: Mapping[str, str] | None = None
    """Parents that are not built here: variant id to a reference with a digest."""
    source_contexts: Mapping[str, str] | None = None
    secrets: tuple[str, ...] = ()
    builtin_frontend: bool = False
    options: Mapping[str, Any] | None = None
    """Further fields of every target: output, caches, attestations."""


def write_workspace(folder: Path, request: Request) -> list[str]:
    """Write the contexts and the bake file; return the targets in build order."""
    for item in request.variants.values():
        for path, file in request.rendered.items():
            if path.startswith(f"{item.folder}/"):
                write_atomically(folder / path, _for_engine(path, file, builtin=request.builtin_frontend))
    (folder / BAKE_FILE).write_text(json.dumps(bake(request), indent=2))
    return [item.target for item in request.variants.values()]


def _for_engine(path: str, file: File, *, builtin: bool) -> File:
    """Take the ``# syntax`` line away where the engine's own frontend is to be used: it reads no other sign."""
    if not builtin or not path.endswith("/Dockerfile"):
        return file
    first, _, rest = file.content.partition(b"\n")
    return type(file)(rest if first.startswith(b"# syntax=") else file.content, file.executable)


def bake(request: Request) -> dict[str, Any]:
    """Return the bake definition of a request."""
    targets = definition(request.registry, request.variants)["target"]
    return {"target": {name: _target(request, fields) for name, fields in targets.items()}}


def _target(request: Request, fields: Mapping[str, Any]) -> dict[str, Any]:
    tags = (request.tags or {}).get(_variant_of(request, fields["context"]))
    return {
        **fields,
        **({"tags": list(tags)} if tags else {}),
        "contexts": {**fields.get("contexts", {}), **_outside(request, fields), **(request.source_contexts or {})},
        "platforms": [item for item in fields["platforms"] if not request.platforms or item in request.platforms],
        **({"secret": list(request.secrets)} if request.secrets else {}),
        **(request.options or {}),
    }


def _variant_of(request: Request, context: str) -> str:
    return next(item.id for item in request.variants.values() if item.folder == context)


def _outside(request: Request, fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the context of a parent that was built before."""
    from generator.render.dockerfile import parent_reference

    item = request.variants[_variant_of(request, fields["context"])]
    reference = (request.parents or {}).get(item.parent or "")
    return {parent_reference(item.parent): f"docker-image://{reference}"} if item.parent and reference else {}
