"""How long a contributor waits for lint and the fast tests, with what mypy and the interpreter have cached."""

from __future__ import annotations

import os

from bench.measure import run, table

GOAL = 90
"""Seconds on two cores."""


def report() -> str:
    """Run ``make test`` without an engine, and return its seconds."""
    # an engine would bring the slow and the end-to-end tests along
    os.environ.pop("IMAGE_MATRIX_TEST_REGISTRY", None)
    done = run(("make", "test"))
    if done.code:
        message = f"make test ended with {done.code}"
        raise RuntimeError(message)
    rows = [("make test without an engine", f"{done.seconds:.0f} s", f"≤ {GOAL} s")]
    return table("Tests", ("command", "measured", "goal"), rows)
