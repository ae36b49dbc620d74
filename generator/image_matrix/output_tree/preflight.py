"""Checks, before a render writes, that paths are free and writable, so that it does not stop half way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

MOST_SHOWN = 3


def refuse_obstacles(root: Path, written: Iterable[str], removed: Collection[str]) -> None:
    """Raise :class:`EnvironmentFailure` if a path cannot be written or removed; nothing has changed then."""
    written = list(written)
    blocked = [problem for path in written for problem in _blockers(root, path, removed)]
    locked = [f"{name} cannot be written to" for name in _locked(root, (*written, *removed))]
    problems = list(dict.fromkeys((*blocked, *locked)))
    if problems:
        remedies = ("move it away" if blocked else "", "check who may write there" if locked else "")
        remedy = ", and ".join(remedy for remedy in remedies if remedy)
        raise EnvironmentFailure(listed(problems, MOST_SHOWN), f"{remedy}; nothing was written")


def _blockers(root: Path, path: str, removed: Collection[str]) -> Iterator[str]:
    """Yield what blocks the path of a file, ignoring files that are removed first."""
    target = root / path
    if target.is_dir() and not target.is_symlink():
        if not _emptied(root, target, removed):
            yield f"{path} is a folder where a file belongs"
        return
    nearest = _nearest(root, target)
    if not os.path.lexists(nearest):
        return  # the root does not exist yet
    name = nearest.relative_to(root).as_posix()
    if not nearest.is_dir() and name not in removed:
        yield f"{name} is a file where a folder belongs"


def _nearest(root: Path, path: Path) -> Path:
    """Return the nearest existing parent of a path, up to ``root``; it may be a file."""
    nearest = path.parent
    while nearest != root and not os.path.lexists(nearest):
        nearest = nearest.parent
    return nearest


def _emptied(root: Path, folder: Path, removed: Collection[str]) -> bool:
    """Say whether a folder is removed with its files; an empty folder is kept."""
    for directory, folders, names in os.walk(folder):
        current = folder.joinpath(directory)
        files = [*names, *(name for name in folders if (current / name).is_symlink())]
        if not (folders or names) or any(
            (current / n).relative_to(root).as_posix() not in removed for n in files
        ):
            return False
    return True


def _locked(root: Path, paths: Iterable[str]) -> list[str]:
    """Return the folders in which nothing can be created or removed."""
    nearest = dict.fromkeys(_nearest(root, root / path) for path in paths)
    locked = [folder for folder in nearest if folder.is_dir() and not _is_open(folder)]
    return [
        str(root.resolve()) if folder == root else folder.relative_to(root).as_posix() for folder in locked
    ]


def _is_open(folder: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=effective)
