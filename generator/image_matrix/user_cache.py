"""Locates the user's cache: folders that only the user can write to."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache(name: str) -> Path | None:
    """Return a folder in the user's cache; ``None`` if it cannot be created, or if others can write to it.

    The cache contains code. Source of the path: XDG Base Directory Specification, which ignores relative paths.
    """
    try:
        declared = Path(os.environ.get("XDG_CACHE_HOME", ""))
        home = declared if declared.is_absolute() else Path.home() / ".cache"
        folder = home / "image-matrix" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.stat()
    except (OSError, RuntimeError):
        return None
    ours = os.name != "posix" or (state.st_uid == os.geteuid() and not state.st_mode & 0o022)
    return folder if ours else None
