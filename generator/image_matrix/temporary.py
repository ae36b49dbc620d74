"""Creates temporary folders, and removes those that killed runs have left.

The name of a folder has the id of its process, and a file in it names the machine of the process. The file is a
``.gitignore``, so that git does not commit what a killed run leaves in a repository.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.errors import naming

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "image-matrix-"
MARK = ".gitignore"
DAY = 86_400
"""Seconds after which a folder of another machine, or of a process id that is in use again, is removed."""
_NAME = re.compile(rf"\.?{PREFIX}(\d{{1,9}})-\w{{8}}")
"""The name of a folder; :func:`tempfile.mkdtemp` adds the end."""


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """Create a folder below ``parent``, or in the system's temporary folder, and remove it afterwards.

    It first removes the folders of killed runs. Raises :class:`OSError` if the folder cannot be created.
    """
    import tempfile

    place = Path(tempfile.gettempdir()) if parent is None else parent
    prefix = f"{'.' if parent else ''}{PREFIX}{os.getpid()}-"
    remove_leftovers(place)
    with ExitStack() as stack:
        with naming(place):
            new = tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(new))
            (folder / MARK).write_text(mark_of(os.getpid()), encoding="utf-8")
        yield folder


def write_private(path: Path, text: str) -> None:
    """Write a text, ended by a line break, to a new file that nobody else can read; raises :class:`OSError`."""
    with naming(path), open(path, "x", encoding="utf-8", opener=_for_us_alone) as file:
        file.write(text if text.endswith("\n") else f"{text}\n")


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def mark_of(process: int) -> str:
    """Return the text of the mark in a process's folder on this machine; the second line is for git."""
    return f"# Temporary files of image-matrix, process {process} of {_machine()}\n*\n"


@cache
def _machine() -> str:
    """Return the scope of process ids: this machine since its start and, in a container, the container.

    Sources: random(4) for ``boot_id``, pid_namespaces(7).
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - it links to no path
    except OSError:
        import socket

        return socket.gethostname()


def remove_leftovers(parent: Path) -> None:
    """Remove the folders of processes that have ended; keep what cannot be read or removed."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match and _is_ours(entry):
                _remove_dead(Path(entry.path), int(match[1]))


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Say whether it is a folder, not a link, that belongs to the current user."""
    state = entry.stat(follow_symlinks=False)
    return stat.S_ISDIR(state.st_mode) and (os.name != "posix" or state.st_uid == os.geteuid())


def _remove_dead(folder: Path, process: int) -> None:
    """Remove a folder whose process has ended, or that is too old; without a mark, only if it is empty."""
    mark = _mark(folder)
    if mark == mark_of(process) and not _lives(process):
        _remove_tree(folder)
    elif not _is_old(folder):
        return
    elif mark is None:
        with suppress(OSError):
            folder.rmdir()
    elif mark.startswith(f"# Temporary files of image-matrix, process {process} of "):
        _remove_tree(folder)


def _remove_tree(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _mark(folder: Path) -> str | None:
    try:
        return (folder / MARK).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _is_old(folder: Path) -> bool:
    import time

    return folder.lstat().st_mtime < time.time() - DAY


def _lives(process: int) -> bool:
    """Say whether a process runs; on Windows, where ``os.kill`` would end it, return ``True``."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to another user
    return True
