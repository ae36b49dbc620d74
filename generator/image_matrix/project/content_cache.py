"""Keeps results that depend on a content alone in the user's cache folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix import __version__
from image_matrix.json_data import read_json
from image_matrix.output_tree.atomic import write_atomically
from image_matrix.output_tree.files import File
from image_matrix.project.fingerprint import digest, program
from image_matrix.user_cache import user_cache

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.json_data import Json

KEPT = 256
"""Number of results that are kept for each subject; the oldest are removed."""


@dataclass(frozen=True, slots=True)
class ContentCache:
    """A folder with a JSON file for each subject and content.

    A cached result may be damaged: the caller checks its form, and computes it again if it is wrong.
    """

    folder: Path | None = None
    """``None`` turns the cache off."""
    program: str = ""
    """The hash of the program that computes the results: another one may compute others."""

    def get(self, subject: str, content: str) -> Json:
        """Return the result for a content, or ``None`` if none can be read."""
        if self.folder is None:
            return None
        try:
            return read_json(self._file(self.folder, subject, content).read_bytes())
        except (OSError, ValueError):
            return None

    def put(self, subject: str, content: str, result: object) -> None:
        """Store a result as JSON. If that fails, the next run computes it again."""
        if self.folder is None:
            return

        file = self._file(self.folder, subject, content)
        with suppress(OSError):
            write_atomically(file, File(json.dumps(result).encode()))
            _remove_oldest(file.parent)

    def _file(self, folder: Path, subject: str, content: str) -> Path:
        return folder / subject / f"{digest([self.program.encode(), content.encode()])}.json"


NO_CACHE = ContentCache()


def _remove_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in files[KEPT:]:
        file.unlink()


def content_cache() -> ContentCache:
    """Return the user's cache for this version of image-matrix; it is off if the user has no cache folder."""
    folder = user_cache(__version__)
    return ContentCache(folder, program()) if folder else NO_CACHE
