from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.cli.terminal import terminal_width, wrapped

if TYPE_CHECKING:
    from .conftest import Repository

TEXTS = st.text("ab  \n", max_size=200)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "  three"]),
        ("  one two three", ["  one two", "    three"]),
        ("one\ntwo three four", ["one", "two three", "  four"]),
        ("extraordinarily long", ["extraordinarily", "  long"]),
        (
            f"{click.style('one', fg='red', bold=True)} two",
            [f"{click.style('one', fg='red', bold=True)} two"],
        ),
        ("", [""]),
    ],
)
def test_lines_are_broken_at_spaces(text: str, lines: list[str]) -> None:
    assert wrapped(text, 9).split("\n") == lines


@given(TEXTS, st.integers(8, 40))
def test_no_word_is_lost(text: str, width: int) -> None:
    assert wrapped(text, width).split() == text.split()
    assert wrapped(text, None) == text


def test_a_file_has_no_width() -> None:
    assert terminal_width(io.StringIO()) is None


def everything(terminal: int) -> bytes:
    """What was written to a pseudo-terminal whose other side is closed; it is handed over in pieces."""
    parts = []
    with suppress(OSError):  # Linux' word for the end
        while part := os.read(terminal, 65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_notes_fit_the_terminal_and_pipes_get_lines(repository: Repository) -> None:
    import pty

    main, side = pty.openpty()
    command = [sys.executable, "-m", "image_matrix", "-C", str(repository.root), "render"]
    environment = {**os.environ, "COLUMNS": "60"}
    with os.fdopen(side, "wb") as terminal:
        subprocess.run(command, stderr=terminal, stdout=subprocess.DEVNULL, env=environment, check=True)
    shown = everything(main).decode().splitlines()
    os.close(main)
    note = [*takewhile(lambda line: not line.startswith("add "), map(click.unstyle, shown))]
    assert note[0].startswith("note: not locked: ")
    assert len(note) > 1
    assert max(map(len, note)) <= 60
    piped = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stderr
    assert piped.splitlines()[0].startswith("note: not locked: ")
    assert piped.splitlines()[0].endswith("`image-matrix lock` pins them")
