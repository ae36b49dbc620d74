"""Fetches the releases of pinned programs, checks their SHA-256 before each use, and caches them."""

from __future__ import annotations

import hashlib
import io
import platform
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.output_tree.atomic import write_atomically
from image_matrix.output_tree.files import File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from image_matrix.pinned.actions import Tool

    Fetch = Callable[[str], Iterable[bytes]]

NAME_DIGITS = 12
"""Hexadecimal digits of the SHA-256 in the name of a cached release."""


def native_arch() -> str:
    """Return this machine's architecture by Docker's name."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "amd64"


def cached_release(tool: Tool, cache: Path, fetch: Fetch) -> bytes:
    """Return a tool's release from the cache if its SHA-256 is the pinned one; else fetch and cache it.

    Raises the errors of :func:`fetched_release`. It ignores a cache that cannot be written.
    """
    kept = cache / f"{tool.name}-{tool.version}-{tool.sha256[:NAME_DIGITS]}"
    with suppress(OSError):
        content = kept.read_bytes()
        if hashlib.sha256(content).hexdigest() == tool.sha256:
            return content
    content = fetched_release(tool, fetch)
    with suppress(OSError):
        write_atomically(kept, File(content))
    return content


def fetched_release(tool: Tool, fetch: Fetch) -> bytes:
    """Fetch a tool's release; raises :class:`EnvironmentFailure` if its SHA-256 is not the pinned one."""
    try:
        content = b"".join(fetch(tool.url))
    except OSError as error:
        advice = "allow the runner to access it, or name a mirror under `network.mirrors.downloads`"
        raise EnvironmentFailure(f"{tool.url} could not be fetched: {error}", advice) from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != tool.sha256:
        raise EnvironmentFailure(
            f"{tool.url} has the SHA-256 {actual}", f"{tool.sha256} is pinned: do not use this file"
        )
    return content


def unpack(tool: Tool, release: bytes, folder: Path) -> Path:
    """Write the program of a checked release into a folder and return its path.

    Raises :class:`EnvironmentFailure` if the release does not have it, and :class:`OSError` if it cannot be written.
    """
    program = folder / tool.name
    with tarfile.open(fileobj=io.BytesIO(release)) as archive:
        try:
            member = archive.extractfile(tool.name)
        except KeyError:
            member = None
        if member is None:
            raise EnvironmentFailure(f"{tool.url} has no program `{tool.name}`")
        write_atomically(program, File(member.read(), executable=True))
    return program
