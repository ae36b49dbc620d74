"""Images that the tests of this folder start."""

from __future__ import annotations

from image_matrix.running.model import LocalImage
from image_matrix.verify.engine import Start

LAB = LocalImage(
    "jupyter:python3.13", "registry/jupyter:1", served="jupyter", start=Start(("/init",), (8888,))
)
BASE = LocalImage("base:python3.13", "registry/base:1", start=Start(("/init",), (8888,)))
"""A kind exposes the port of notebooks even if it brings no service."""
SERVICE = LocalImage(
    "api:default", "registry/api:1", "service", has_kind=False, start=Start(("serve",), (5000, 8888, 9090))
)
STACK = LocalImage(
    "scipy:default",
    "registry/scipy:1",
    "none",
    has_kind=False,
    start=Start(("tini", "start.sh"), (8888,), {"HOME": "/home/jovyan"}),
)
"""An image on somebody else's notebook: no kind, no contract, but a port and a home."""
WORKER = LocalImage("worker:default", "registry/worker:1", "none", has_kind=False, start=Start(("work",)))
EMPTY = LocalImage("files:default", "registry/files:1", "none", has_kind=False)
