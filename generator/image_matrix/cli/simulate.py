"""``simulate``: how long the generated workflow takes, against other orders of the same work."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.session import Session, open_project, say
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant
    from image_matrix.planning.simulate import Durations, Row

LEGEND = """\
workflow  the generated one: an image waits for its parent alone
bound     no order of the same jobs ends sooner; × is workflow / bound
layers    every generation of images waits for the one before
trees     one job for each root and platform builds all on it, with fewer starts
all       the generated workflow, building everything whatever changed
"""


@click.command()
@click.option(
    "--runners",
    type=click.IntRange(1, 10_000),
    multiple=True,
    default=(20,),
    show_default=True,
    metavar="N",
    help="Jobs that run at once; repeatable.",
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
    """Print how many minutes a run takes for some changes.

    Beside it, other ways to order the same builds.
    """
    from image_matrix.planning.simulate import Work, rows

    loaded = open_project(session).loaded
    found = rows(Work(loaded.matrix, loaded.variants, _durations(durations_file, loaded.variants)), runners)
    if format_ == "json":
        click.echo(_json(found), nl=False)
        return 0
    click.echo(table_of(found), nl=False)
    say(
        session,
        f"\n{LEGEND}{'What is not in the file' if durations_file else 'Every duration'} is an estimate.",
    )
    return 0


def _durations(file: str | None, variants: Mapping[str, Variant]) -> Durations:
    """Read measured seconds; raises :class:`CallError` for what is not a mapping of known names to seconds."""
    from image_matrix.errors import CallError
    from image_matrix.planning.simulate import Durations, read_durations
    from image_matrix.project.text_files import read_text

    if file is None:
        return Durations()
    example = 'write, for example, {"jupyter-scipy": 420, "jupyter:python3.13-arm64": 300, "scan": 90}'
    try:
        said = json.loads(read_text(Path(file), file))
    except ValueError as error:
        raise CallError(f"{file} is not JSON: {error}", example) from error
    if not isinstance(said, dict):
        raise CallError(f"{file} is not an object of names and seconds", example)
    for name, value in said.items():
        _check_duration(file, name, value, variants)
    return read_durations({name: float(value) for name, value in said.items()})


def _check_duration(file: str, name: str, value: object, variants: Mapping[str, Variant]) -> None:
    from image_matrix.diagnostics import did_you_mean
    from image_matrix.errors import CallError
    from image_matrix.planning.simulate import names_of

    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:  # type: ignore[arg-type, operator]
        raise CallError(f"{file}: `{name}` has {json.dumps(value)}", "write seconds, as a number from 0 up")
    known = names_of(variants)
    if name not in known:
        raise CallError(f"{file}: nothing is called `{name}`", did_you_mean(name, known))


def _json(found: list[Row]) -> str:
    from dataclasses import asdict

    return json.dumps([asdict(row) for row in found], indent=2) + "\n"


def table_of(found: list[Row]) -> str:
    """Return minutes as a table for each number of runners; the workflow also as a multiple of the lower bound."""
    from image_matrix.cli.table import table

    head = ("changed", "builds", "workflow", "bound", "×", "layers", "trees", "all")
    blocks = []
    for count in dict.fromkeys(row.runners for row in found):
        body = [_cells(row) for row in found if row.runners == count]
        blocks.append(f"minutes with {plural(count, 'runner')}\n{table(head, body)}")
    return "\n".join(blocks)


def _cells(row: Row) -> tuple[str, ...]:
    times = (row.layers, row.trees, row.rebuild_all)
    return (
        row.scenario.removesuffix(" changed"),
        str(row.legs),
        _minutes(row.generated),
        _minutes(row.bound),
        f"{row.generated / row.bound:.2f}",
        *(_minutes(seconds) for seconds in times),
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"
