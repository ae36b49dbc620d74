"""Says in a run's summary what a scanner found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.findings.markdown import words
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.findings.model import ScanFinding

LISTED = 100
"""Number of findings that a run's summary lists."""


def summary(name: str, rows: Sequence[ScanFinding], advice: Sequence[str] = ()) -> str:
    """Return a run's summary of the findings, and of what would mend them, in Markdown.

    ``name`` is that of the image, ``advice`` are sentences in Markdown.
    """
    result = plural(len(rows), "finding") if rows else "the scanner rejected the image; see the log"
    cells = ((row.severity, row.id, f"{row.package} {row.versions}") for row in rows[:LISTED])
    listed = [f"| {' | '.join(words(cell) for cell in row)} |" for row in cells]
    table = ["| severity | finding | package |", "| --- | --- | --- |", *listed] if rows else []
    more = ["", f"… and {len(rows) - LISTED} more in the report"] if len(rows) > LISTED else []
    help_ = ["", *(f"- {line}" for line in advice)] if advice else []
    return "\n".join(
        [
            f"### Scan of {name}",
            "",
            f"**{result}: this run releases nothing.**",
            "",
            *table,
            *more,
            *help_,
            "",
        ]
    )
