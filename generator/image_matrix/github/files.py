"""Writes the files through which a step sends data to GitHub; docs.github.com/actions/reference/workflow-commands."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.errors import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OUTPUT, PATH, SUMMARY = "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"
ENVIRONMENT = "GITHUB_ENV"


def append(variable: str, text: str) -> None:
    """Append to the file that the environment variable names; do nothing if it is not set, outside GitHub Actions."""
    path = os.environ.get(variable)
    if path:
        with naming(Path(path)), Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def write_outputs(values: Mapping[str, str]) -> None:
    """Write outputs of a step; each value is one line."""
    append(OUTPUT, "".join(f"{name}={value}\n" for name, value in values.items()))


def write_lines(name: str, lines: Iterable[str]) -> None:
    """Write an output of several lines, whose end no value can guess."""
    end = f"end-{secrets.token_hex(8)}"
    append(OUTPUT, "".join(f"{line}\n" for line in (f"{name}<<{end}", *lines, end)))
