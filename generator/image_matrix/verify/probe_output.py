"""What the image's Python told: the lines of :mod:`image_matrix.verify.in_container.python_probe` in its output."""

from __future__ import annotations

import json

from image_matrix.verify.in_container.python_probe import MARK

Told = dict[tuple[str, str], tuple[str, float]]
"""Kind and name to the answer of the image's Python, and the seconds that it took."""


def read(out: str) -> Told:
    """Read the lines of the image's Python."""
    lines = (json.loads(line.removeprefix(MARK)) for line in out.splitlines() if line.startswith(MARK))
    return {(kind, name): (value, seconds) for kind, name, value, seconds in lines}


def end(text: str) -> str:
    """Return the last line, as far as a reader wants it."""
    return (text.strip().splitlines() or [""])[-1][:200]
