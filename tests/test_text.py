from __future__ import annotations

import pytest

from image_matrix.text import fitting, listed, plural


@pytest.mark.parametrize(("count", "said"), [(0, "0 images"), (1, "1 image"), (2, "2 images")])
def test_one_is_no_plural(count: int, said: str) -> None:
    assert plural(count, "image") == said


@pytest.mark.parametrize(
    ("names", "said"),
    [("", ""), ("a", "a"), ("ab", "a, b"), ("abc", "a, b and 1 more"), ("abcd", "a, b and 2 more")],
)
def test_long_lists_say_how_many_more(names: str, said: str) -> None:
    assert listed(names, 2) == said


def test_only_what_fits_is_kept() -> None:
    assert fitting(["ab", "cd", "e"], 4) == ["ab", "cd"]
    assert fitting(["abc", "d"], 2) == []
