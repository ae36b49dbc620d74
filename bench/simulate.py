"""Makespans of the generated workflow for the reference matrix, against the lower bound and other orders."""

from __future__ import annotations

from bench.measure import REPOSITORY, table
from bench.orders import Row, Work, rows
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load

RUNNERS = (20, 40, 60)
"""Concurrent jobs of GitHub's Free, Pro and Team plans."""
COLUMNS = ("runners", "changed", "builds", "workflow", "bound", "×", "layers", "trees", "all")
LEGEND = """\
workflow: the generated one. bound: no order of the same jobs ends sooner; × is workflow / bound.
layers: every generation of images waits for the one before. trees: one job for each root and platform builds
all on it, with fewer starts. all: the generated workflow, building everything whatever changed.
"""


def report() -> str:
    """Simulate everything, base changed, a leaf changed and nothing changed."""
    inputs = read_inputs(REPOSITORY)
    loaded = load(inputs.texts, inputs.templates.kinds)
    simulated = rows(Work(loaded.matrix, loaded.variants), RUNNERS)
    title = "Minutes of a run (durations are estimates)"
    return f"{table(title, COLUMNS, [cells(row) for row in simulated])}\n{LEGEND}"


def cells(row: Row) -> tuple[str, ...]:
    """Return a row in minutes; the workflow also as a multiple of the lower bound."""
    changed = row.scenario.removesuffix(" changed")
    others = (row.layers, row.trees, row.rebuild_all)
    ratio = f"{row.generated / row.bound:.2f}"
    return (
        str(row.runners),
        changed,
        str(row.legs),
        *(_minutes(seconds) for seconds in (row.generated, row.bound)),
        ratio,
        *(_minutes(seconds) for seconds in others),
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"
