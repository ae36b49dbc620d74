"""Lists the actions that the rendered workflows use: organizations allow them by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.output_tree.files import File

_USES = re.compile(rb"^ *(?:- )?uses: (?P<action>[\w.-]+/[\w./-]+@[0-9a-f]{40})", re.MULTILINE)
"""An action of another repository, by its commit; those of the same repository begin with ``$/``."""


def used_actions(files: Mapping[str, File]) -> tuple[str, ...]:
    """Return the actions as ``OWNER/NAME@COMMIT``, in alphabetical order, each once.

    This is the form of an entry of "Allow or block specified actions"; docs.github.com, "Managing GitHub Actions
    settings for a repository".
    """
    texts = (file.content for path, file in files.items() if path.startswith(".github/"))
    return tuple(sorted({match["action"].decode() for text in texts for match in _USES.finditer(text)}))
