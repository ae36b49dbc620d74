"""A rendered file: bytes and whether it is executable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """What is to stand at a path of the tree."""

    content: bytes
    executable: bool = False


Files = Mapping[str, File]
"""Path in the repository, with forward slashes, to its file."""
