"""Pinned programs: fetched from their release, checked against the table, kept for the run."""

from __future__ import annotations

import hashlib
import io
import platform
import tarfile
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from image_matrix.pinned.actions import Tool


def native_arch() -> str:
    """Return this machine's architecture as Docker calls it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "amd64"


def install(tool: Tool, folder: Path, fetch: Callable[[str], Iterable[bytes]]) -> Path:
    """Put a tool's program into ``folder`` and return it.

    Raises :class:`EnvironmentFailure` for other bytes than the pinned ones.
    """
    target = folder / tool.name
    if target.is_file():
        return target
    try:
        content = b"".join(fetch(tool.url))
    except OSError as error:
        advice = "let the runner reach it, or name a mirror under `mirrors.downloads`"
        raise EnvironmentFailure(f"{tool.url} could not be fetched: {error}", advice) from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != tool.sha256:
        raise EnvironmentFailure(
            f"{tool.url} has the SHA-256 {actual}", f"{tool.sha256} is pinned: do not use this file"
        )
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        member = archive.extractfile(tool.name)
        if member is None:
            raise EnvironmentFailure(f"{tool.url} has no program `{tool.name}`")
        folder.mkdir(parents=True, exist_ok=True)
        target.write_bytes(member.read())
    target.chmod(0o755)
    return target
