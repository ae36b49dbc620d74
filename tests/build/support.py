"""A chain of three images, and requests to build it."""

from __future__ import annotations

from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys
from image_matrix.planning.plan import State, reference
from image_matrix.project.render import render_all
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest, Response
from image_matrix.registry.services import RegistryServices
from tests.workflow.matrices import TEMPLATES, loaded, matrix

FOUND = loaded(
    matrix(
        {"base": {"from": "debian"}, "middle": {"from": "base"}, "leaf": {"from": "middle"}},
        defaults={"images": {"platforms": ["linux/amd64"]}},
    )
)
FILES = render_all(FOUND, Pins(), TEMPLATES)
STATE = State(FOUND, Pins(), TEMPLATES, FILES, compute_keys(FOUND.variants, FILES))
AMD64 = "linux/amd64"
BASE, MIDDLE, LEAF = (("base:default", AMD64), ("middle:default", AMD64), ("leaf:default", AMD64))


def tag(leg: tuple[str, str], state: State = STATE) -> str:
    """Return the immutable tag of a variant."""
    return reference(state, state.loaded.variants[leg[0]], AMD64)


def registry(*has: str, silent: bool = False) -> Registry:
    """A registry that has these references."""

    def answer(request: HttpRequest) -> Response:
        if silent:
            raise ConnectionFailed("connection refused", retry=None)
        path = request.url.partition("/v2/")[2].replace("/manifests/", ":")
        is_held = f"ghcr.io/{path}" in has
        return Response(200, {"docker-content-digest": "sha256:1"}) if is_held else Response(404, {})

    return Registry(RegistryServices(answer, lambda _: None))
