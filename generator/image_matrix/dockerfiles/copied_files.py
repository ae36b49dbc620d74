"""Lists the paths of the build context that a Dockerfile needs, as far as its text alone says them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import plain, words
from image_matrix.dockerfiles.mounts import mounts
from image_matrix.dockerfiles.stages import bodies
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

_OPEN = re.compile(r"""[$*?\[\]\\`"']|^<<""")
"""What stands for a value or any number of names, or escapes: such paths are not known, or may have no file."""
_REMOTE = re.compile(r"://|@|^github\.com/")
"""What ADD fetches (docs.docker.com/reference/dockerfile/#add)."""


@dataclass(frozen=True, slots=True)
class CopiedPath:
    """A path of the build context that an instruction needs."""

    path: str
    """Normal, relative to the context; ``.`` is the context."""
    written: str
    """As it stands in the Dockerfile."""
    line: int
    instruction: str
    """``COPY``, ``ADD`` or ``RUN --mount``."""


def copied_paths(dockerfile: Dockerfile, numbers: Collection[int]) -> Iterator[CopiedPath]:
    """Yield the paths that stages need from the context; ``numbers`` are the positions of these stages.

    A path with a variable or a pattern is left out, and so are those of ONBUILD, which other builds run.
    """
    for number, body in enumerate(bodies(dockerfile)):
        for item in body if number in numbers else ():
            instruction = "RUN --mount" if item.name == "RUN" else item.name
            for written in sources_of(item, dockerfile.escape):
                if not _OPEN.search(written):
                    path = posixpath.normpath(f"/{written}").lstrip("/") or "."
                    yield CopiedPath(path, written, item.line, instruction)


def sources_of(item: Instruction, escape: str) -> Iterator[str]:
    """Yield what an instruction takes of the build context, as it stands there; heredocs, ``<<EOF``, among it."""
    if item.name in ("COPY", "ADD") and item.flag("from") is None:
        paths = _words(item.text, escape)[:-1]
        yield from (path for path in paths if item.name == "COPY" or not _REMOTE.search(path))
    elif item.name == "RUN":
        for mount in mounts(item):
            source = mount.get("source") or mount.get("src")
            if source and mount.get("type", "bind") == "bind" and not mount.get("from"):
                yield source


def _words(text: str, escape: str) -> list[str]:
    if text.startswith("["):
        try:
            return [str(word) for word in read_json(text)]
        except ValueError:
            pass  # BuildKit, too, takes what is no list as words
    # BuildKit splits at spaces, also quoted and escaped ones: a word with one is not known
    return [word if re.search(r"[\\\s]", word) else plain(word, escape) for word in words(text, escape)]
