"""Compiled templates, kept between runs: compiling costs more than rendering a whole family."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


class CompiledTemplates(BytecodeCache):
    """A folder with a file for each text and Python, so that repositories with other templates keep theirs, too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load what was compiled from this text, if anything was."""
        try:
            with self._file(bucket).open("rb") as stream:
                bucket.load_bytecode(stream)
        except OSError:
            return

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; where that fails, the next run compiles again."""
        from contextlib import suppress

        from image_matrix.output_tree.files import File
        from image_matrix.output_tree.tree import write_atomically

        with suppress(OSError):
            write_atomically(self._file(bucket), File(bucket.bytecode_to_string()))

    def _file(self, bucket: Bucket) -> Path:
        return self.folder / f"{bucket.key}-{bucket.checksum}.{sys.implementation.cache_tag}"


def compiled_templates() -> CompiledTemplates | None:
    """Return the user's cache for this version of image-matrix; none where it is not ours.

    Compiled templates are code: the folder must be nobody else's to write.
    """
    from image_matrix import __version__

    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = home / "image-matrix" / __version__
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat()
    except (OSError, RuntimeError):
        return None
    ours = os.name != "posix" or (mode.st_uid == os.geteuid() and not mode.st_mode & 0o022)
    return CompiledTemplates(folder) if ours else None
