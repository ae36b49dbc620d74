from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.cli.table import NARROWEST, table

WORDS = st.text("ab-/: ", max_size=60).map(str.strip)
ROWS = st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4)
HEADER = ("one", "two", "three")


def test_columns_are_aligned() -> None:
    assert table(("a", "b"), [("long", "1"), ("x", "22")]) == "a     b\nlong  1\nx     22\n"


def test_long_cells_are_folded_where_words_end() -> None:
    rows = [("python3.13", "JupyterLab with PyTorch for NVIDIA GPUs"), ("python3.11", "short")]
    assert table(("variant", "value"), rows, 34) == (
        "variant     value\n"
        "python3.13  JupyterLab with\n"
        "            PyTorch for NVIDIA\n"
        "            GPUs\n"
        "python3.11  short\n"
    )


def test_a_column_stays_readable() -> None:
    text = table(("a", "b"), [("x" * 20, "y" * 20)], 1)
    assert text.splitlines()[1] == f"{'x' * NARROWEST}  {'y' * NARROWEST}"


@pytest.mark.slow
@given(ROWS)
def test_what_fits_is_not_folded(rows: list[tuple[str, str, str]]) -> None:
    assert table(HEADER, rows, 200) == table(HEADER, rows)


@given(ROWS, st.integers(3 * NARROWEST + 4, 100))
def test_lines_fit_and_nothing_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    text = table(HEADER, rows, width)
    assert max(map(len, text.splitlines())) <= width
    for char in "ab-/:":
        assert text.count(char) == table(HEADER, rows).count(char)
