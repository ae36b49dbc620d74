"""Shows a build: its log while it runs, and the images at the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from image_matrix.build.bake import Built
    from image_matrix.build.process import Completed, Runner
    from image_matrix.build.progress import LogFormat
    from image_matrix.cli.session import Session


def log_runner(session: Session, log: LogFormat, count: Callable[[str], None]) -> Runner:
    """Return the runner of a build: a terminal shows its steps; ``-v``, files and pipes get the whole log.

    If less than the log is shown, the log of a failed step is shown at the end. ``count`` takes every line.
    """
    from image_matrix.build.process import by_line
    from image_matrix.build.progress import each_step
    from image_matrix.cli.terminal import terminal_width

    width = terminal_width(sys.stderr) if session.verbosity == 0 else None

    def show(line: str) -> None:
        say(session, line)

    def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> Completed:
        show_line = show if width is None else each_step(show, width, log.step)

        def take(line: str) -> None:
            count(line)
            show_line(line)

        completed = by_line(command, folder, environment, take)
        if completed.code and (width is not None or session.verbosity < 0):
            click.echo(log.excerpt(completed.tail), err=True)
        return completed

    return run


def export_output(image: str) -> None:
    """Export the image by digest to later steps of a workflow: tests and `accept` use exactly this image."""
    from image_matrix.github.files import OUTPUT, append

    append(OUTPUT, f"image={image}\n")


def summary(built: list[Built], seconds: float, size_of: Callable[[Built], int | None]) -> str:
    """Return the table of the images that a build has made, and their number."""
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    rows = []
    for one in built:
        size = size_of(one)
        rows.append((one.leg.tags[0], f"{size / 1e6:.0f} MB" if size else "?", one.digest[:19]))
    if not rows:
        return "0 built\n"
    shown = table(("image", "size", "digest"), rows, terminal_width())
    return f"{shown}{len(rows)} built in {seconds:.0f} s\n"
