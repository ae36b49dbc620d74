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


def test_words_are_whole_where_the_columns_have_room() -> None:
    rows = [("jupyter-tensorflow-full", "python3.13", "amd64, arm64")]
    assert table(("image", "variant", "platforms"), rows, 34) == (
        "image        variant     platforms\n"
        "jupyter-     python3.13  amd64,\n"
        "tensorflow-              arm64\n"
        "full\n"
    )


def test_rows_are_entries_where_words_do_not_fit_into_columns() -> None:
    rows = [
        ("jupyter-tensorflow", "python3.13", "", "amd64, arm64"),
        ("base", "python3.11", "cuda13", "amd64"),
    ]
    assert table(("image", "variant", "accelerator", "platforms"), rows, 32) == (
        "jupyter-tensorflow\n"
        "  variant python3.13; platforms\n"
        "  amd64, arm64\n"
        "base\n"
        "  variant python3.11;\n"
        "  accelerator cuda13; platforms\n"
        "  amd64\n"
    )


def test_what_is_longer_than_a_word_is_broken() -> None:
    text = table(("name", "digest"), [("base", f"sha256:{'0' * 64}")], 40)
    assert text.splitlines()[:2] == ["name  digest", f"base  sha256:{'0' * 27}"]
    assert text.count("0") == 64


def test_a_table_stays_readable() -> None:
    text = table(("a", "b"), [("x" * 20, "y" * 20)], 1)
    assert text.splitlines()[0] == "x" * NARROWEST


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
