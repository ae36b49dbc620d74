"""Seconds from ``docker run`` to the first page."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.verify.contract import FS_GROUP, PORT, PREFIX
from image_matrix.verify.engine import Spec
from image_matrix.verify.volume import Volume

if TYPE_CHECKING:
    from image_matrix.verify.engine import Engine

DEADLINE = 120.0
"""Seconds that an IDE has for its first page."""


def first_page(engine: Engine, image: str, path: str) -> float:
    """Return the seconds from ``docker run``, on an empty volume, to HTTP 200."""
    spec = Spec(
        image, None, {"NB_PREFIX": PREFIX}, groups=(FS_GROUP,), volume=Volume(gid=FS_GROUP), network="bridge"
    )
    began = time.monotonic()
    with engine.container(spec) as container:
        form = "--format={{.NetworkSettings.IPAddress}}"
        address = engine.call(("inspect", form, container.id), None, 30.0).out.strip()
        while time.monotonic() - began < DEADLINE:
            if answers(f"http://{address}:{PORT}{path}"):
                return time.monotonic() - began
            time.sleep(0.02)
        raise EnvironmentFailure(f"no page of {image} after {DEADLINE:.0f} s: {container.log()}")


def answers(url: str) -> bool:
    """Say whether a page is there, redirects followed."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
