"""Makespans of the generated workflow for the reference matrix, against the lower bound and other orders."""

from __future__ import annotations

from bench.measure import REPOSITORY
from generator.cli.simulate import table_of
from generator.matrix.load import load
from generator.project import read_inputs
from generator.simulate import Durations, Work, rows

RUNNERS = (20, 40, 60)
"""Concurrent jobs of GitHub's Free, Pro and Team plans."""


def report() -> str:
    """Simulate everything, base changed, a leaf changed and nothing changed."""
    inputs = read_inputs(REPOSITORY)
    loaded = load(inputs.texts, inputs.templates.kinds)
    found = rows(Work(loaded.matrix, loaded.variants, Durations()), RUNNERS)
    return f"durations are estimates\n{table_of(found)}"
