"""Parses the output of :mod:`image_matrix.verify.in_container.python_probe`."""

from __future__ import annotations

import json

from image_matrix.verify.in_container.python_probe import MARK

ProbeAnswers = dict[tuple[str, str], tuple[str, float]]
"""Kind and name to the answer of the image's Python, and its duration in seconds."""


def read(out: str) -> ProbeAnswers:
    """Return the answers in the output of the image's Python."""
    lines = (json.loads(line.removeprefix(MARK)) for line in out.splitlines() if line.startswith(MARK))
    return {(kind, name): (value, seconds) for kind, name, value, seconds in lines}


def end(text: str) -> str:
    """Return the last line of a text, at most 200 characters of it."""
    return (text.strip().splitlines() or [""])[-1][:200]
