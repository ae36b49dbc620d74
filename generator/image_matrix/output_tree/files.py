"""A rendered file: its bytes and what kind of file they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """What is to stand at a path of the tree."""

    content: bytes
    """The bytes of the file, or the target of the symbolic link."""
    executable: bool = False
    symlink: bool = False

    @property
    def mode(self) -> str:
        """The mode as git records it: only the kind of file and whether it is executable, whatever the umask was."""
        return "120000" if self.symlink else "100755" if self.executable else "100644"


Files = Mapping[str, File]
"""Path in the repository, with forward slashes, to its file."""
