"""Prints lines, notes, warnings and diagnostics."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.cli.session import Session
    from image_matrix.diagnostics import Diagnostic


_COLOURS = {
    "error": "red",
    "warning": "yellow",
    "help": "cyan",
    "add": "green",
    "remove": "red",
    "good": "green",
}


def paint(text: str, role: str) -> str:
    """Colour a text by its role."""
    return click.style(text, fg=_COLOURS.get(role), bold=role in ("error", "warning", "bold", "help") or None)


def say(session: Session, text: str, level: int = 0) -> None:
    """Print a line about the work to stderr, unless ``-q`` asks for silence."""
    if session.verbosity >= level:
        click.echo(fitting_stderr(text), err=True)


def fitting_stderr(text: str) -> str:
    """Return a text in lines that fit the terminal of stderr, if it has one."""
    from image_matrix.cli.terminal import terminal_width, wrapped

    return wrapped(text, terminal_width(sys.stderr))


def note(session: Session, text: str) -> None:
    """Print a note."""
    say(session, f"{paint('note', 'help')}: {text}")


def warn(session: Session, warnings: Sequence[Diagnostic]) -> None:
    """Print warnings, unless ``-q`` asks for silence."""
    if session.verbosity >= 0:
        report(warnings)


def report(diagnostics: Sequence[Diagnostic]) -> None:
    """Print diagnostics to stderr; on GitHub Actions also as annotations."""
    from image_matrix.diagnostics.report import github, terminal

    click.echo(terminal(diagnostics, paint, fitting_stderr), err=True, nl=False)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        click.echo(github(diagnostics), err=True, nl=False)
