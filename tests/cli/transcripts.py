"""Compares what commands print with what a file says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ran


def transcript(arguments: tuple[str, ...], ran: Ran) -> str:
    """Return a call, its exit code and what it printed."""
    parts = (f"{title}:\n{text}" for title, text in (("stdout", ran.out), ("stderr", ran.err)) if text)
    return "\n".join((" ".join(("$ image-matrix", *arguments)), f"exit code: {ran.code}", *parts))


def compare(path: Path, shown: str) -> None:
    """Compare a text with a file, or write the file if IMAGE_MATRIX_UPDATE asks for it."""
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
