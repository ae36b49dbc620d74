"""Caches compiled templates between runs: compiling takes longer than rendering all images."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import jinja2
from jinja2 import BytecodeCache

from image_matrix import __version__
from image_matrix.output_tree.atomic import write_atomically
from image_matrix.output_tree.files import File
from image_matrix.user_cache import user_cache

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2.bccache import Bucket

_DIGEST = hashlib.sha256().digest_size
"""Bytes at the start of a file: the digest of the rest, so that a damaged file is not loaded."""


class CompiledTemplates(BytecodeCache):
    """A folder with a file for each template text and Python version; all repositories share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load the code compiled from this text; Jinja compiles the text again if the file is unusable."""
        try:
            kept = self._file(bucket).read_bytes()
            digest, code = kept[:_DIGEST], kept[_DIGEST:]
            if digest == hashlib.sha256(code).digest():
                bucket.bytecode_from_string(code)
        except Exception:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store the compiled code; if that fails, the next run compiles again."""
        code = bucket.bytecode_to_string()
        with suppress(OSError):
            write_atomically(self._file(bucket), File(hashlib.sha256(code).digest() + code))

    def _file(self, bucket: Bucket) -> Path:
        """Return the file of a text; each version of Jinja and Python has its own."""
        jinja = getattr(jinja2, "__version__", "")
        return self.folder / f"{bucket.key}-{bucket.checksum}.jinja-{jinja}.{sys.implementation.cache_tag}"


def compiled_templates() -> CompiledTemplates | None:
    """Return the user's cache for this version of image-matrix, or ``None`` if others can write to the folder.

    Compiled templates are code, so only the user may write them.
    """
    folder = user_cache(__version__)
    return CompiledTemplates(folder) if folder else None
