"""Reads the folders that images with their own Dockerfiles are built with, at a revision, as the disk has them."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.context_reader import LINK, ContextReader, is_ignored
from image_matrix.project.commit_files import files_of_commit, modes_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from image_matrix.config.dockerfile_build import Entry
    from image_matrix.dockerfiles.ignore import Ignore

MOST_LINKS = 40
"""How many links of a path are followed, as by Linux: path_resolution(7)."""


def contexts_at(root: Path, commit: str, revision: str, overlays: Mapping[str, str]) -> ContextReader:
    """Return a reader of the folders of a commit below ``root``; ``overlays`` are folders of files of the matrix."""

    def contents(path: str) -> dict[str, tuple[str, bytes]]:
        return files_of_commit(root, commit, revision, (path,))

    listed = cache(partial(modes_at, root, commit))

    def mode(path: str) -> str | None:
        return listed(f"{posixpath.dirname(path) or '.'}/").get(path)

    files = _Files(listed, mode, contents)
    read, modes, entry = cache(files.read), cache(files.modes), cache(files.entry)

    @cache
    def entries(folder: str, ignore: Ignore) -> dict[str, Entry]:
        return files.entries(folder, modes(folder, ignore))

    return ContextReader(read, files.names, modes, entries, overlays, "", files.mode_of, entry, files.target)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a commit. Links in a path are followed, as the disk does; one out of the project leads nowhere."""

    listed: Callable[..., Mapping[str, str]]
    """The path of a folder, without links, to its files with their modes; with ``-r``, to those below it, too."""
    mode: Callable[[str], str | None]
    """The path of a file or link, without links above it, to its mode."""
    contents: Callable[[str], Mapping[str, tuple[str, bytes]]]
    """A path without links above it to the files there and below with their modes and bytes."""

    def read(self, path: str) -> bytes | None:
        place = self._followed(path)
        return self._content(place)[1] if place and self.mode(place) else None

    def names(self, folder: str) -> list[str] | None:
        return list(dict.fromkeys(path.partition("/")[0] for path in self._below(folder))) or None

    def modes(self, folder: str, ignore: Ignore) -> dict[str, str]:
        below = sorted(self._below(folder).items())
        return {path: mode for path, mode in below if not is_ignored(ignore, path)}

    def entries(self, folder: str, modes: Mapping[str, str]) -> dict[str, Entry]:
        place = self._followed(folder) or "."
        contents = self.contents(place)
        return {path: (mode, _sha256(contents[f"{_prefix(place)}{path}"][1])) for path, mode in modes.items()}

    def mode_of(self, path: str) -> str | None:
        place = self._behind(path)
        return self.mode(place) if place else None

    def entry(self, path: str) -> Entry | None:
        mode = self.mode_of(path)
        return (mode, _sha256(self._content(self._behind(path) or path)[1])) if mode else None

    def target(self, path: str) -> str:
        return _text(self._content(self._behind(path) or path)[1])

    def _content(self, place: str) -> tuple[str, bytes]:
        return self.contents(place)[place]

    def _below(self, folder: str) -> dict[str, str]:
        """Return the files below a folder, by their paths in it."""
        place = self._followed(folder)
        if place is None:
            return {}
        prefix = _prefix(place)
        every = self.listed(place, "-r").items()
        return {path[len(prefix) :]: mode for path, mode in every if path.startswith(prefix)}

    def _behind(self, path: str) -> str | None:
        """Return where a path is behind the links of its folders; a link at its end is not followed."""
        folder, name = posixpath.split(posixpath.normpath(path))
        place = self._followed(folder)
        return None if place is None else posixpath.normpath(posixpath.join(place, name))

    def _followed(self, path: str) -> str | None:
        """Return where a path is behind all its links; ``None`` outside of the project, and for a loop of links."""
        waiting, place, links = posixpath.normpath(path).split("/"), "", 0
        while waiting:
            part = waiting.pop(0)
            if part == ".." and not place:
                return None
            if part in ("", ".", ".."):
                place = posixpath.dirname(place) if part == ".." else place
                continue
            place = posixpath.join(place, part)
            if self.mode(place) == LINK:
                links, target = links + 1, _text(self._content(place)[1])
                if links > MOST_LINKS or target.startswith("/"):
                    return None
                waiting, place = [*target.split("/"), *waiting], posixpath.dirname(place)
        return place or "."


def _prefix(folder: str) -> str:
    return "" if folder in ("", ".") else f"{folder}/"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
