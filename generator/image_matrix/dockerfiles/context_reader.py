"""Reads a Dockerfile and the folder that it is built with; disk and git are passed in."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.ignore import NO_MATCH, Ignore, match_path, read_ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.dockerfile_build import Entry

IGNORE_FILE = ".dockerignore"
GIT = ".git"
LINK = "120000"
"""The mode of a symbolic link in git."""


class ContextError(Exception):
    """A context cannot be used; has the problem and what to do."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem, self.advice = problem, advice
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class ContextReader:
    """The files of a project, by their paths in it. Everything but ``folder_of`` raises :class:`ContextError`."""

    read: Callable[[str], bytes | None]
    """Path to its bytes; ``None`` if there is no such file."""
    names: Callable[[str], list[str] | None]
    """Folder to the names in it; ``None`` if there is no such folder."""
    modes: Callable[[str, Ignore], Mapping[str, str]]
    """Folder to the paths below it with their modes, without what is ignored."""
    entries: Callable[[str, Ignore], Mapping[str, Entry]]
    """The same with the SHA-256 of each file; the result is kept for a run."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Name of a file of the matrix to its folder."""
    location: str = ""
    """The absolute path of the project; empty if it is read from git."""
    mode: Callable[[str], str | None] = lambda _: None
    """Path of a file or link to its mode; ``None`` if there is none, or a folder."""
    entry: Callable[[str], Entry | None] = lambda _: None
    """The same with its SHA-256."""
    target: Callable[[str], str] = str
    """Path of a link to what it leads to, as it is written."""
    matrix_files: tuple[str, ...] = ()
    """The matrix, what it includes, its lock and its overlays, by their paths in the project."""

    def folder_of(self, file: str) -> str:
        """Return the folder of a file of the matrix."""
        return self.folders.get(file, posixpath.dirname(file))


NO_FILES = ContextReader(lambda _: None, lambda _: None, lambda *_: {}, lambda *_: {})
"""A project without folders."""


def in_project(folder: str, path: str) -> str:
    """Return a path that is relative to a folder as one in the project; raises :class:`ContextError`."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    if is_outside(joined):
        raise ContextError(
            f"{path} is outside of the project", "move it into the project, and write a relative path"
        )
    return joined


def is_outside(path: str) -> bool:
    """Say whether a normal path leads out of the project."""
    return path == ".." or path.startswith(("/", "../"))


def ignore_of(reader: ContextReader, context: str, dockerfile: str) -> tuple[Ignore, bytes | None]:
    """Return what a build ignores, and the text of the ``.dockerignore`` that belongs to the Dockerfile alone."""
    specific = reader.read(ignore_file_of(dockerfile))
    text = specific if specific is not None else reader.read(shared_ignore_file(context))
    return read_ignore((text or b"").decode("utf-8", "replace")), specific


def ignore_file_of(dockerfile: str) -> str:
    """Return the path of the ``.dockerignore`` that counts for a Dockerfile alone, in place of the shared one."""
    return f"{dockerfile}{IGNORE_FILE}"


def shared_ignore_file(context: str) -> str:
    """Return the path of the ``.dockerignore`` that counts for all Dockerfiles without one of their own."""
    return posixpath.normpath(posixpath.join(context, IGNORE_FILE))


def is_ignored(ignore: Ignore, path: str) -> bool:
    """Say whether a path below the context is ignored, by itself or with a folder above it."""
    match, parts = NO_MATCH, path.split("/")
    for length in range(1, len(parts) + 1):
        match = match_path(ignore, "/".join(parts[:length]), match)
    return match.is_ignored
