"""``simulate``: how long the generated workflow takes, against other orders of the same work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.session import Session, open_project

if TYPE_CHECKING:
    from generator.simulate import Durations, Row


@click.command()
@click.option(
    "--runners",
    type=click.IntRange(1, 10_000),
    multiple=True,
    default=(20,),
    show_default=True,
    help="Repeatable.",
)
@click.option(
    "--durations",
    "durations_file",
    metavar="FILE",
    help="Measured seconds, as JSON: {IMAGE[:LABEL][-ARCH]: seconds}.",
)
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def simulate(session: Session, runners: tuple[int, ...], durations_file: str | None, format_: str) -> int:
    """Print how long a run takes for some changes.

    Beside it, other ways to order the same builds.
    """
    from generator.simulate import Work, rows

    loaded = open_project(session).loaded
    found = rows(Work(loaded.matrix, loaded.variants, _durations(durations_file)), runners)
    click.echo(_json(found) if format_ == "json" else table_of(found), nl=False)
    return 0


def _durations(file: str | None) -> Durations:
    """Read measured seconds; raises :class:`CallError` for what is not a mapping of names to numbers."""
    from generator.errors import CallError
    from generator.project import read_text
    from generator.simulate import Durations, read_durations

    if file is None:
        return Durations()
    try:
        said = json.loads(read_text(Path(file), file))
        return read_durations({str(name): float(value) for name, value in said.items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise CallError(
            f"{file} is not a JSON object of names and seconds", '{"jupyter-scipy": 420}'
        ) from error


def _json(found: list[Row]) -> str:
    from dataclasses import asdict

    return json.dumps([asdict(row) for row in found], indent=2) + "\n"


def table_of(found: list[Row]) -> str:
    """Return minutes as a table; the generated workflow also as a multiple of the lower bound."""
    from generator.cli.table import table

    head = ("runners", "change", "builds", "bound", "generated", "×", "layers", "trees", "rebuild all")
    body = [
        (
            str(row.runners), row.scenario, str(row.legs), _minutes(row.bound), _minutes(row.generated),
            f"{row.generated / row.bound:.2f}", _minutes(row.layers), _minutes(row.trees), _minutes(row.rebuild_all),
        )
        for row in found
    ]  # fmt: skip
    return table(head, body)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"
