"""Defines a rendered file: its bytes, and whether it is executable or a symbolic link. Reads it from the disk."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class File:
    """A file of the tree."""

    content: bytes
    """The bytes of the file, or the target of the symbolic link."""
    executable: bool = False
    symlink: bool = False

    @property
    def mode(self) -> str:
        """The mode as git records it, independent of the umask: the type of file, and whether it is executable."""
        return "120000" if self.symlink else "100755" if self.executable else "100644"


def read_file(path: Path) -> File | None:
    """Return the file at a path, or ``None`` if there is none."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return File(os.readlink(path).encode(), symlink=True)  # noqa: PTH115 - Path.readlink changes `./x` to `x`
        with path.open("rb", buffering=0) as stream:
            return File(stream.read(), executable=bool(mode & 0o100))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
