"""Writes files so that a full disk, a kill or a power failure leaves the old or the new file, never a part of one.

A file is written into a temporary folder and then renamed to its path, which is atomic (POSIX, rename). A file whose
loss would lose work is first flushed to the disk (fsync(2)).
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.errors import naming
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from image_matrix.output_tree.files import File


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is completely written, but not yet renamed to its path."""

    temporary: Path
    target: Path
    file: File


def write_atomically(path: Path, file: File) -> None:
    """Write a file. An :class:`OSError` names the path; the old file is unchanged then."""
    with _staged_beside(path, file) as staged:
        staged.temporary.replace(path)


def write_durably(path: Path, file: File) -> None:
    """Write a file as :func:`write_atomically` does, and return when it is on the disk."""
    with _staged_beside(path, file) as staged:
        if not file.symlink:
            flush(staged.temporary)
        staged.temporary.replace(path)
    flush_folder(path.parent)


@contextmanager
def _staged_beside(path: Path, file: File) -> Iterator[Staged]:
    with naming(path), _folder(path.parent), temporary_folder(path.parent) as folder:
        yield stage(folder / "0", path, file)


@contextmanager
def staging(root: Path, files: Sequence[tuple[Path, File]]) -> Iterator[tuple[list[Staged], list[Path]]]:
    """Write files into a temporary folder below ``root``; yield them, and empty folders for missing parent folders.

    Renaming them to their paths needs no more space on the disk. Raises :class:`OSError` with the path of a file that
    cannot be written; nothing is changed then.
    """
    with _folder(root), temporary_folder(root) as folder:
        staged = [stage(folder / str(number), *pair) for number, pair in enumerate(files)]
        missing = _missing(dict.fromkeys(target.parent for target, _ in files))
        spare = [folder / f"folder-{number}" for number in range(len(missing))]
        with naming(root):
            for path in spare:
                path.mkdir()
        yield staged, spare


@contextmanager
def _folder(root: Path) -> Iterator[None]:
    """Create a folder and its parents; after an error, remove those that were created and are empty."""
    created = sorted(_missing([root]))
    try:
        if not os.path.lexists(root):
            with naming(root):
                root.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in reversed(created):
            with suppress(OSError):
                folder.rmdir()
        raise


def _missing(folders: Iterable[Path]) -> set[Path]:
    """Return those of some folders, and of their parents, that do not exist."""
    missing: set[Path] = set()
    for folder in folders:
        path = folder
        while path not in missing and not path.is_dir():
            missing.add(path)
            path = path.parent
    return missing


def stage(temporary: Path, target: Path, file: File) -> Staged:
    """Write a file that will be renamed to ``target``; an :class:`OSError` names the target."""
    with naming(target):
        write_new(temporary, file)
    return Staged(temporary, target, file)


def write_new(path: Path, file: File) -> None:
    """Write a file that does not exist yet and that nothing reads yet."""
    if file.symlink:
        path.symlink_to(file.content.decode())
        return
    # not `buffering=0`: a raw stream may write less than it is given, and returns the count (io.RawIOBase.write)
    path.write_bytes(file.content)
    path.chmod(0o755 if file.executable else 0o644)


def put(staged: Staged, spare: list[Path]) -> None:
    """Rename a staged file to its path, and ``spare`` folders to its missing parents.

    An :class:`OSError` names the path; the old file is unchanged then.
    """
    with naming(staged.target):
        try:
            _rename(staged, spare)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # its folder is on another file system
            write_atomically(staged.target, staged.file)


def _rename(staged: Staged, spare: list[Path]) -> None:
    try:
        staged.temporary.replace(staged.target)
    except FileNotFoundError:
        _place_folder(staged.target.parent, spare)
        staged.temporary.replace(staged.target)


def _place_folder(folder: Path, spare: list[Path]) -> None:
    if folder.is_dir():
        return
    _place_folder(folder.parent, spare)
    try:
        spare.pop().rename(folder)
    except (IndexError, OSError):
        # the folder existed and was removed with its last file, is on another file system, or was just created
        folder.mkdir(exist_ok=True)


def flush(path: Path) -> None:
    """Flush a file to the disk; EINVAL means that its file system does not support this (fsync(2))."""
    with path.open("rb+") as stream:
        try:
            os.fsync(stream.fileno())
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, if the system supports it (fsync(2), "Calling fsync()")."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
