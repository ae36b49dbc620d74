"""Hashes the program, and files with all their bytes: equal hashes stand for equal results."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = Path(__file__).parent.parent
COMPILED = "__pycache__"
"""What Python writes beside modules, and does not belong to their contents."""


@cache
def program() -> str:
    """Return the hash of what computes results: the package's files, Python, and the versions of what is installed.

    It is computed once for each process, which runs the code that it has loaded.
    """
    installed = [name for folder in sys.path for name in _distributions(folder)]
    code = [*tree(PACKAGE), *tree(PACKAGE / "templates")]  # in a checkout, the templates are behind a link
    return digest([sys.version.encode(), *map(os.fsencode, installed), *code])


def _distributions(folder: str) -> list[str]:
    """Return the names of the folders with the metadata of distributions; a version is part of a name."""
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208 - Path.iterdir takes several times as long
    except OSError:
        return []
    return sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))


def digest(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of some bytes; the same bytes in other parts have another one."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.hexdigest()


def tree(folder: Path) -> Iterator[bytes]:
    """Yield path and content of every file below a folder, in order; of a link, path and target.

    Raises :class:`OSError` if something is neither file, folder nor link, or cannot be read.
    """
    yield from _below(os.fspath(folder), "")


def _below(folder: str, prefix: str) -> Iterator[bytes]:
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        name = f"{prefix}{entry.name}"
        if entry.is_symlink():
            yield from (os.fsencode(name), b"link", os.fsencode(os.readlink(entry.path)))  # noqa: PTH115
        elif entry.is_file(follow_symlinks=False):
            yield from (os.fsencode(name), b"file", content(entry.path))
        elif not entry.is_dir():
            message = "neither file, folder nor link"
            raise OSError(None, message, entry.path)
        elif entry.name != COMPILED:
            yield from _below(entry.path, f"{name}/")


def content(path: str | Path) -> bytes:
    """Return the bytes of a file."""
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - Path.read_bytes takes twice as long
        return stream.read()
