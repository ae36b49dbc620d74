"""Formats tables for a terminal."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "
NARROWEST = 8
"""Least width of a column, in characters: narrower cells are hard to read."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return aligned columns; long cells are folded if the table is wider than ``width`` characters."""
    lines_of_cells = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[at]) for row in lines_of_cells) for at in range(len(header))]
    if width is not None:
        widths = _narrowed(widths, width)
    lines = (
        GAP.join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True)).rstrip()
        for row in lines_of_cells
        for line in zip_longest(*map(_folded, row, widths), fillvalue="")
    )
    return "".join(f"{line}\n" for line in lines)


def _narrowed(widths: Sequence[int], width: int) -> list[int]:
    """Narrow the widest columns until all of them fit, or none can be narrowed."""
    narrowed = list(widths)
    while sum(narrowed) + len(GAP) * (len(narrowed) - 1) > width and max(narrowed) > NARROWEST:
        narrowed[narrowed.index(max(narrowed))] -= 1
    return narrowed


def _folded(cell: str, width: int) -> list[str]:
    """Return a cell's lines: broken at spaces and hyphens if possible."""
    if len(cell) <= width:
        return [cell]
    import textwrap

    return textwrap.wrap(cell, width) or [""]
