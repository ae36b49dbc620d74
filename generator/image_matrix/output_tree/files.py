"""Defines a rendered file: its bytes, and whether it is executable or a symbolic link."""

from __future__ import annotations

from dataclasses import dataclass


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
