"""Defines how an include looks at the files of a project, on disk or at a revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of a project, by their paths in it."""

    names: Callable[[str], Sequence[str]]
    """Folder to the names in it; none where there is no such folder."""
    read: Callable[[str], str]
    """Path to its text; raises :class:`MatrixError`."""
    leads_outside: Callable[[str], bool]
    """Whether a path is a link to something outside of the project."""


def names_in(root: Path, folder: str) -> list[str]:
    """Return the sorted names in a folder below ``root``; none where there is no such folder."""
    place = root / folder
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def leads_outside(root: Path, path: str) -> bool:
    """Say whether a path below ``root`` is a link to something outside of it."""
    return not (root / path).resolve().is_relative_to(root.resolve())
