"""Compiled templates, kept between runs: compiling costs more than rendering a whole family."""

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
"""Bytes at the start of a file: the digest of the others, so that nothing that was damaged is loaded."""


class CompiledTemplates(BytecodeCache):
    """A folder with a file for each text and Python, so that repositories with other templates keep theirs, too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load what was compiled from this text; whatever is wrong with the file, the text is compiled again."""
        try:
            kept = self._file(bucket).read_bytes()
            digest, code = kept[:_DIGEST], kept[_DIGEST:]
            if digest == hashlib.sha256(code).digest():
                bucket.bytecode_from_string(code)
        except Exception:
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; where that fails, the next run compiles again."""
        code = bucket.bytecode_to_string()
        with suppress(OSError):
            write_atomically(self._file(bucket), File(hashlib.sha256(code).digest() + code))

    def _file(self, bucket: Bucket) -> Path:
        """Return the file of a text; what another version of Jinja or Python has compiled is another file."""
        jinja = getattr(jinja2, "__version__", "")
        return self.folder / f"{bucket.key}-{bucket.checksum}.jinja-{jinja}.{sys.implementation.cache_tag}"


def compiled_templates() -> CompiledTemplates | None:
    """Return the user's cache for this version of image-matrix; none where it is not ours.

    Compiled templates are code: the folder must be nobody else's to write.
    """
    folder = user_cache(__version__)
    return CompiledTemplates(folder) if folder else None
