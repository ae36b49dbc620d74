"""Makespans of the generated workflow for the reference matrix, against the lower bound and other orders."""

from __future__ import annotations

from bench.measure import REPOSITORY
from image_matrix.cli.simulate import table_of
from image_matrix.planning.simulate import Durations, Work, rows
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load

RUNNERS = (20, 40, 60)
"""Concurrent jobs of GitHub's Free, Pro and Team plans."""


def report() -> str:
    """Simulate everything, base changed, a leaf changed and nothing changed."""
    inputs = read_inputs(REPOSITORY)
    loaded = load(inputs.texts, inputs.templates.kinds)
    found = rows(Work(loaded.matrix, loaded.variants, Durations()), RUNNERS)
    return f"durations are estimates\n{table_of(found)}"
