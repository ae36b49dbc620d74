"""Formats code spans and tables in Markdown; texts of the matrix are no markup in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.profiles.change_words import Style
from image_matrix.render.docs.images_page import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the texts of its cells are escaped."""
    lines = (tuple(header), tuple("---" for _ in header), *(tuple(map(text, row)) for row in rows))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def code(value: str) -> str:
    """Return a code span of Markdown; its fence is longer than any run of backticks in the text."""
    fence = "`" * max((len(run) + 1 for run in re.findall("`+", value)), default=1)
    space = " " if fence != "`" else ""
    return f"{fence}{space}{value}{space}{fence}"


MARKDOWN = Style(bold=lambda value: f"**{text(value)}**", code=code, plain=text)
