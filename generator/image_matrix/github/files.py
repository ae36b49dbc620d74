"""The files by which a step speaks to GitHub; docs.github.com/actions/reference/workflow-commands."""

from __future__ import annotations

import os
from pathlib import Path

from image_matrix.errors import naming

OUTPUT, PATH, SUMMARY = "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"


def append(variable: str, text: str) -> None:
    """Append to the file that the environment names; on a laptop there is none, and nothing happens."""
    path = os.environ.get(variable)
    if path:
        with naming(Path(path)), Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
