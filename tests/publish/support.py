"""Programs that answer as told, and count their calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def stub(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Put a program on PATH that fails as :func:`answers` says."""
    program = folder / name
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> "{folder}/calls"\n'
        f'if [ "$(wc -l < "{folder}/calls")" -gt "$(cat "{folder}/fails")" ]; then exit 0; fi\n'
        f'cat "{folder}/answer" >&2; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def answers(folder: Path, text: str, fails: int) -> None:
    """Have the program print a text and fail, so often."""
    (folder / "answer").write_text(text)
    (folder / "fails").write_text(str(fails))


def calls(folder: Path) -> int:
    """Return how often the program was called."""
    return len((folder / "calls").read_text().splitlines())
