"""The user's cache: folders for what can be had again, and that nobody else may write to."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache(name: str) -> Path | None:
    """Return the folder of that name in the user's cache; ``None`` where it cannot be made, or others may write to it.

    What is kept is code. Source of the place: XDG Base Directory Specification, which has relative paths ignored.
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
