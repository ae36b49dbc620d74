from __future__ import annotations

import io
import os
import subprocess
import sys
from itertools import takewhile
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.cli.session import _choose_colour
from image_matrix.cli.terminal import terminal_width, wrapped
from tests.pseudo_terminal import on_terminal

if TYPE_CHECKING:
    from .conftest import Repository

TEXTS = st.text("ab  `\n", max_size=200)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "  three"]),
        ("  one two three", ["  one two", "    three"]),
        ("one\ntwo three four", ["one", "two three", "  four"]),
        ("extraordinarily long", ["extraordinarily", "  long"]),
        ("run `a b c d e`; then", ["run", "  `a b c d e`;", "  then"]),
        ("a `b c d e f g", ["a `b c d", "  e f g"]),
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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_log_of_a_run_has_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """``act`` gives steps a terminal, GitHub's runners do not: both logs have the same lines."""
    monkeypatch.setenv("COLUMNS", "70")
    assert terminal_width(Terminal()) == 70
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert terminal_width(Terminal()) is None


def lines_on_terminal(*arguments: str, width: int) -> list[str]:
    """The lines, without colours, that a command writes to a terminal."""
    command = [sys.executable, "-m", "image_matrix", *arguments]
    _, shown = on_terminal(command, environment={**os.environ, "COLUMNS": str(width)})
    return [click.unstyle(line) for line in shown.splitlines()]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("arguments", "ending", "width"),
    [
        (("why", "jupyter-with-a-name-that-nobody-has-given-it"), "`jupyter`", 60),
        (("lock", "debian"), "resolves everything that is not locked", 60),
        (("check",), "1 error", 60),
        (("list",), "latest", 64),
    ],
)
def test_errors_and_tables_fit_the_terminal(
    repository: Repository, arguments: tuple[str, ...], ending: str, width: int
) -> None:
    """A source line stays as it is, so that the caret is below what it is about."""
    if arguments == ("check",):
        matrix = repository.root / "matrix.yaml"
        matrix.write_text(matrix.read_text().replace("git]", "git, curl; rm -rf a folder of somebody]"))
    lines = lines_on_terminal("-C", str(repository.root), *arguments, width=width)
    assert max(map(len, lines)) <= width
    assert ending in " ".join(line.strip() for line in lines)
    piped = subprocess.run(
        [sys.executable, "-m", "image_matrix", "-C", str(repository.root), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert max(map(len, (piped.stdout + piped.stderr).splitlines())) > width


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_notes_fit_the_terminal_and_pipes_get_lines(repository: Repository) -> None:
    command = [sys.executable, "-m", "image_matrix", "-C", str(repository.root), "render"]
    environment = {**os.environ, "COLUMNS": "60"}
    code, shown = on_terminal(command, ["stderr"], environment)
    assert code == 0
    note = [*takewhile(lambda line: not line.startswith("add "), map(click.unstyle, shown.splitlines()))]
    assert note[0].startswith("note: not locked: ")
    assert len(note) > 1
    assert max(map(len, note)) <= 60
    piped = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stderr
    assert piped.splitlines()[0].startswith("note: not locked: ")
    assert piped.splitlines()[0].endswith("`image-matrix lock` pins them")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"TERM": "xterm"}, None),
    ],
)
def test_a_dumb_terminal_gets_no_escape_codes(
    variables: dict[str, str], expected: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TERM", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with click.Context(click.Command("check")) as context:
        _choose_colour("auto")
        assert context.color is expected


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_explanations_fit_a_narrow_terminal() -> None:
    paragraph = list(takewhile(bool, lines_on_terminal("explain", "410", width=50)[2:]))
    assert 30 < max(map(len, paragraph)) <= 50
