"""Formats tables for a terminal."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

GAP = "  "
NARROWEST = 8
"""Least width of a table, in characters: narrower lines are hard to read."""
LONGEST_WORD = 12
"""What has more characters in one piece may be broken: a digest, an address, the name of a setting."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return aligned columns; long cells are folded if the table is wider than ``width`` characters.

    Where words would not fit into the columns, there are none: each row is an entry with the names of its cells.
    """
    lines_of_cells = [tuple(header), *(tuple(row) for row in rows)]
    columns = [*zip(*lines_of_cells, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    if width is not None and _total(widths) > width:
        least = [max(map(_longest_word, column)) for column in columns]
        if _total(least) > width:
            return "".join(f"{line}\n" for row in rows for line in _entry(header, row, max(width, NARROWEST)))
        widths = _narrowed(widths, least, width)
    lines = (
        GAP.join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True)).rstrip()
        for row in lines_of_cells
        for line in zip_longest(*map(_folded, row, widths), fillvalue="")
    )
    return "".join(f"{line}\n" for line in lines)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _longest_word(cell: str) -> int:
    """Return the length of what a cell has between spaces and hyphens; what is longer than a word may be broken."""
    return min(LONGEST_WORD, max(map(len, _wrapped(cell, 1, break_long_words=False)), default=0))


def _narrowed(widths: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Narrow the widest of the columns that can still be narrowed until all of them fit."""
    narrowed = list(widths)
    while _total(narrowed) > width:
        can = [at for at, wide in enumerate(narrowed) if wide > least[at]]
        narrowed[max(can, key=narrowed.__getitem__)] -= 1
    return narrowed


def _folded(cell: str, width: int) -> list[str]:
    """Return a cell's lines: broken at spaces and hyphens if possible."""
    return [cell] if len(cell) <= width else _wrapped(cell, width) or [""]


def _entry(header: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    """Yield the lines of a row without columns: its first cell, and the others below it with their names."""
    first, *others = row
    yield from _wrapped(first, width)
    named = "; ".join(f"{name} {cell}" for name, cell in zip(header[1:], others, strict=True) if cell)
    yield from _wrapped(named, width, initial_indent=GAP, subsequent_indent=GAP, break_on_hyphens=False)


def _wrapped(text: str, width: int, **how: Any) -> list[str]:  # noqa: ANN401 - its options
    """Return the lines of a text as :func:`textwrap.wrap` does, which is imported only for what does not fit."""
    import textwrap

    return textwrap.wrap(text, width, **how)
