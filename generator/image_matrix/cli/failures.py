"""Reports failures, bugs and signals."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import fitting_stderr, paint, report
from image_matrix.diagnostics import MatrixError
from image_matrix.errors import EnvironmentFailure, Failure, of_the_system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Severity


def show_usage(error: click.ClickException) -> None:
    """Print what is wrong with a call, and how it is called."""
    import io

    shown = io.StringIO()
    error.show(shown)
    click.echo(fitting_stderr(shown.getvalue()), err=True, nl=False)


@contextmanager
def terminable() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the work as Ctrl-C does, with cleanup.

    CI systems and `timeout` send the first, a terminal that is closed sends the second. What the caller ignores, as
    `nohup` does, stays ignored.
    """
    import signal

    sent = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {one: signal.getsignal(one) for one in sent if signal.getsignal(one) != signal.SIG_IGN}
    for one in before:
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def report_failure(error: Exception) -> int:
    """Print an exception for users; return the exit code."""
    if isinstance(error, MatrixError):
        report(error.diagnostics)
        return 2
    if isinstance(error, OSError):
        error = of_the_system(error)
    if isinstance(error, Failure):
        click.echo(fitting_stderr(f"{paint('error', 'error')}: {error.message}"), err=True)
        if error.help:
            click.echo(fitting_stderr(f"  {paint('help', 'help')}: {error.help}"), err=True)
        annotate("image-matrix", "; ".join(part for part in (error.message, error.help) if part), error.place)
        return error.exit_code
    return _report_bug(error)


def annotate(
    title: str, text: str, place: tuple[str, int | None] | None = None, *, severity: Severity = "error"
) -> None:
    """On GitHub Actions, add an error or a warning to the run's page and, with a place, to that line."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from image_matrix.diagnostics.report import command

        file, line = place or (None, None)
        click.echo(command(severity, {"file": file, "line": line, "title": title}, text), err=True)


def _report_bug(error: Exception) -> int:
    """Save the traceback of a bug in a file, for a bug report."""
    import traceback

    from image_matrix import __version__

    text = f"image-matrix {__version__}, Python {sys.version}\n\n{''.join(traceback.format_exception(error))}"
    try:
        report = f"please report it with {_bug_report(text)}"
    except OSError as full:
        report = f"please report it; the traceback cannot be kept: {(full.strerror or str(full)).lower()}"
    click.echo(
        f"{paint('error', 'error')}: this is a bug in image-matrix: {type(error).__name__}: {error}", err=True
    )
    click.echo(f"  {paint('help', 'help')}: {report}", err=True)
    return EnvironmentFailure.exit_code


def _bug_report(text: str) -> str:
    """Write a text to a new file in the system's temporary folder; return its path."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", prefix="image-matrix-", suffix=".log", delete=False) as log:
        log.write(text)
    return log.name
