"""What would stop a rendering half way: folders where files belong, files where folders do, and no permission."""

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
    """Raise :class:`EnvironmentFailure` where not every path can be written and removed; nothing has been by then."""
    written = list(written)
    blocked = [said for path in written for said in _in_the_way(root, path, removed)]
    locked = [f"{name} cannot be written to" for name in _locked(root, (*written, *removed))]
    found = list(dict.fromkeys((*blocked, *locked)))
    if found:
        remedies = ("move it away" if blocked else "", "check who may write there" if locked else "")
        remedy = ", and ".join(remedy for remedy in remedies if remedy)
        raise EnvironmentFailure(listed(found, MOST_SHOWN), f"{remedy}; nothing was written")


def _in_the_way(root: Path, path: str, removed: Collection[str]) -> Iterator[str]:
    """Say what stands in the way of a file, beside what is removed first."""
    target = root / path
    if target.is_dir() and not target.is_symlink():
        if not _emptied(root, target, removed):
            yield f"{path} is a folder where a file belongs"
        return
    above = _nearest(root, target)
    if not os.path.lexists(above):
        return  # a root that is made with its files
    name = above.relative_to(root).as_posix()
    if not above.is_dir() and name not in removed:
        yield f"{name} is a file where a folder belongs"


def _nearest(root: Path, path: Path) -> Path:
    """Return the nearest folder below ``root`` and above a path that is there, or what stands in its place."""
    above = path.parent
    while above != root and not os.path.lexists(above):
        above = above.parent
    return above


def _emptied(root: Path, folder: Path, removed: Collection[str]) -> bool:
    """Say whether a folder goes with the files that are removed from it; one without a file stays."""
    for directory, folders, names in os.walk(folder):
        here = folder.joinpath(directory)
        files = [*names, *(name for name in folders if (here / name).is_symlink())]
        if not (folders or names) or any(
            (here / n).relative_to(root).as_posix() not in removed for n in files
        ):
            return False
    return True


def _locked(root: Path, paths: Iterable[str]) -> list[str]:
    """Return the folders in which nothing can be made or removed."""
    above = dict.fromkeys(_nearest(root, root / path) for path in paths)
    locked = [folder for folder in above if folder.is_dir() and not _is_open(folder)]
    return [
        str(root.resolve()) if folder == root else folder.relative_to(root).as_posix() for folder in locked
    ]


def _is_open(folder: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=effective)
