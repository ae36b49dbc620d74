"""Finds the scanner's program: a pinned one is fetched, checked and unpacked."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.cli.network_files import http_client
from image_matrix.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded


@contextmanager
def scanner_program(session: Session, loaded: Loaded) -> Iterator[str]:
    """Yield the scanner's program. A pinned one is unpacked from its verified release into a temporary folder."""
    import time

    from image_matrix.config.mirrors import mirrored
    from image_matrix.pinned.actions import tool
    from image_matrix.pinned.tools import cached_release, native_arch, unpack
    from image_matrix.temporary import temporary_folder

    matrix = loaded.matrix
    scanning, mirrors = matrix.release.scan, matrix.network.mirrors.downloads
    if scanning.tool not in ("trivy", "grype"):
        yield "docker" if scanning.tool == "image" else scanning.command[0]
        return
    pinned, http = tool(scanning.tool, native_arch(), matrix.workflow.pins), http_client(session, loaded)
    say(session, f"{scanning.tool} {pinned.version}", level=1)

    def fetch(url: str) -> list[bytes]:
        return http.whole(mirrored(url, mirrors), time.sleep)

    with ExitStack() as stack:
        # prefer the cache to the system's temporary folder, where programs may be forbidden to run
        cache = _cache() or stack.enter_context(temporary_folder())
        release = cached_release(pinned, cache, fetch)
        yield str(unpack(pinned, release, stack.enter_context(temporary_folder(cache))))


def _cache() -> Path | None:
    """Return the folder for scanners: the runner's temporary folder, or the user's cache."""
    from image_matrix.user_cache import user_cache

    runner = os.environ.get("RUNNER_TEMP")
    return Path(runner) / "image-matrix" if runner else user_cache("tools")
