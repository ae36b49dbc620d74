"""Names that are made of texts fit every section, and none is given twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.config.free_names import LONGEST, free_name, plain_name
from image_matrix.validate.names import is_name
from tests.laws import examples


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("tensorflow-notebook/cuda", "tensorflow-notebook-cuda"),
        ("Jupyter_Lab", "jupyter-lab"),
        ("3d", "d"),
        ("2024-09_x.", "x"),
        ("2024", ""),
        ("a" * 62 + "-b", "a" * 62),
    ],
)
def test_a_name_is_what_every_section_allows(text: str, name: str) -> None:
    assert plain_name(text) == name


@settings(max_examples=examples(300))
@given(st.lists(st.text("aB-1/.", max_size=70), max_size=12))
def test_names_of_any_texts_differ(texts: list[str]) -> None:
    taken: set[str] = set()
    for text in texts:
        name = free_name(plain_name(text) or "image", taken)
        assert is_name(name)
        assert len(name) <= LONGEST
        assert name not in taken
        taken.add(name)
