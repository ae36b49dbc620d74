"""A matrix with its keys, as a release has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys
from image_matrix.planning.plan import State
from image_matrix.project.render import render_all
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.reference import digest_of
from image_matrix.registry.services import RegistryServices
from tests.workflow.matrices import TEMPLATES, loaded, matrix

if TYPE_CHECKING:
    from collections.abc import Mapping

MATRIX = matrix(
    {
        "base": {"from": "debian", "axes": ["python"]},
        "leaf": {"from": "base", "platforms": ["linux/amd64"]},
    },
    axes={"python": ["3.13", "3.11"]},
)
DIGEST = "sha256:" + "1" * 64
SOUND = {"digest": DIGEST, "reference": f"x.example/a:1@{DIGEST}", "platforms": ["linux/amd64"]}
"""An entry of the digest file."""
INDEX: dict[str, Any] = {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
"""An image of a release, as a registry has it."""


def state(value: dict[str, Any]) -> State:
    """Return the state of a matrix without a lock."""
    project = loaded(value)
    files = render_all(project, Pins(), TEMPLATES)
    return State(project, Pins(), TEMPLATES, files, compute_keys(project.variants, files))


STATE = state(MATRIX)


def held_digest(content: Mapping[str, Any]) -> str:
    """Return the digest of a manifest as :func:`answering` sends it."""
    return digest_of(json.dumps(content).encode())


def answering(held: Mapping[str, Any], refused: Mapping[str, int] | None = None) -> Registry:
    """A registry that has these manifests by path (``base/manifests/TAG``), and refuses others with a status."""

    def send(request: HttpRequest) -> Response:
        path = request.url.partition("/v2/example/notebooks/")[2]
        if refused and path in refused:
            return Response(refused[path], {}, b"{}")
        body = json.dumps(held[path]).encode() if path in held else b"{}"
        return Response(200 if path in held else 404, {}, body)

    return Registry(RegistryServices(send, lambda _host: None))
