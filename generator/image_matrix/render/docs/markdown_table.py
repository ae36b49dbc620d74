"""Formats tables in Markdown, whose texts are not markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.render.docs.images_page import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the texts of its cells are escaped."""
    lines = (tuple(header), tuple("---" for _ in header), *(tuple(map(text, row)) for row in rows))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
