"""Reads the folders that images with their own Dockerfiles are built with, on disk."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.context_reader import LINK, ContextError, ContextReader, is_outside
from image_matrix.dockerfiles.ignore import NO_MATCH, can_skip, match_path
from image_matrix.output_tree.files import File

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from image_matrix.config.dockerfile_build import Entry
    from image_matrix.dockerfiles.ignore import Ignore, Match

CHUNK = 1 << 20


def contexts_on_disk(root: Path, folders: Mapping[str, str]) -> ContextReader:
    """Return a reader of the folders below ``root``; ``folders`` are those of the files of the matrix."""

    def read(path: str) -> bytes | None:
        place = _inside(root, path)
        try:
            return place.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, error) from error

    def names(folder: str) -> list[str] | None:
        place = _inside(root, folder)
        return sorted(entry.name for entry in place.iterdir()) if place.is_dir() else None

    @cache
    def modes(folder: str, ignore: Ignore) -> dict[str, str]:
        return dict(sorted(_modes(root, folder, ignore)))

    @cache
    def entries(folder: str, ignore: Ignore) -> dict[str, Entry]:
        place = root / folder
        return {path: (mode, _sha256(place, path, mode)) for path, mode in modes(folder, ignore).items()}

    def mode_of(path: str) -> str | None:
        place = _inside(root, path)
        mode = file_mode(place)
        if mode and mode != LINK:
            _refuse_unreadable(path, str(place))
        return mode

    @cache
    def entry(path: str) -> Entry | None:
        mode = mode_of(path)
        return (mode, _sha256(root, path, mode)) if mode else None

    def target(path: str) -> str:
        return os.readlink(root / path)  # noqa: PTH115 - Path.readlink changes `./x` to `x`

    return ContextReader(read, names, modes, entries, folders, str(root.resolve()), mode_of, entry, target)


def _inside(root: Path, path: str) -> Path:
    """Return a path on disk; raises :class:`ContextError` if links in it lead outside of the project."""
    place = root / path
    if not place.resolve().is_relative_to(root.resolve()):
        raise ContextError(f"{path} is a link to something outside of the project", "put it into the project")
    return place


def _modes(root: Path, folder: str, ignore: Ignore) -> Iterator[tuple[str, str]]:
    """Yield the files below a folder with their modes; sockets and devices are no part of a context."""
    waiting: list[tuple[str, Match]] = [("", NO_MATCH)]
    while waiting:
        below, above = waiting.pop()
        for entry in _scanned(root / folder / below, posixpath.join(folder, below)):
            path = posixpath.join(below, entry.name)
            match = match_path(ignore, path, above)
            if entry.is_dir(follow_symlinks=False):
                if not can_skip(ignore, match):
                    waiting.append((path, match))
            elif not match.is_ignored:
                mode = file_mode(entry)
                if mode == LINK:
                    refuse_leaving(folder, path, os.readlink(entry.path))  # noqa: PTH115 - it changes `./x` to `x`
                elif mode:
                    _refuse_unreadable(posixpath.join(folder, path), entry.path)
                if mode:
                    yield path, mode


def _refuse_unreadable(name: str, place: str) -> None:
    """Raise :class:`ContextError` if a file cannot be read; its bytes are read when a key is needed."""
    if not os.access(place, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ContextError(
            f"{name} cannot be read: permission denied",
            "correct its permissions, or add its path to .dockerignore",
        )


def _scanned(place: Path, name: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return list(entries)
    except OSError as error:
        raise _unreadable(name, error) from error


def file_mode(place: os.PathLike[str]) -> str | None:
    """Return the mode of a file or link as git records it, or ``None`` if there is neither."""
    try:
        mode = os.lstat(place).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        return LINK
    return File(b"", executable=bool(mode & stat.S_IXUSR)).mode if stat.S_ISREG(mode) else None


def refuse_leaving(folder: str, path: str, target: str) -> None:
    """Raise :class:`ContextError` if a link in a context leads outside of the project."""
    place = posixpath.join(folder, path)
    end = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
    if is_outside(end):
        raise ContextError(
            f"{place} is a link to {target}, outside of the project",
            "put the file itself there, create the link in the Dockerfile, or add its path to .dockerignore",
        )


def _sha256(place: Path, path: str, mode: str) -> str:
    digest = hashlib.sha256()
    if mode == LINK:
        digest.update(os.fsencode(os.readlink(place / path)))  # noqa: PTH115
        return digest.hexdigest()
    with (place / path).open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _unreadable(path: str, error: OSError) -> ContextError:
    problem = (error.strerror or str(error)).lower()
    return ContextError(
        f"{path} cannot be read: {problem}", "correct its permissions, or add its path to .dockerignore"
    )
