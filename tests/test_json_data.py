"""What is at a path of plain data."""

from __future__ import annotations

import pytest

from image_matrix.json_data import Json, at_path

DATA = {"a": [{"b": "text"}, None], "0": "key"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), DATA),
        (("a", 0, "b"), "text"),
        (("0",), "key"),
        (("a", 1), None),
        (("a", 2), None),
        (("a", -1), None),
        (("a", "0"), None),
        (("a", 0, "b", "c"), None),
        (("x", "y"), None),
        ((0,), None),
    ],
)
def test_what_is_there_or_nothing(path: tuple[str | int, ...], value: Json) -> None:
    assert at_path(DATA, path) == value
