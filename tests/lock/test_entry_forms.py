"""Values of another form than expected are refused with their path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.entry_forms import (
    ANY,
    BadEntryError,
    list_of,
    mapping_of,
    section,
    strings,
    text_of,
    texts,
    times,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WORD = re.compile(r"[a-z]+")
DAY = re.compile(r"[0-9-]+")


def test_what_is_not_there_is_empty() -> None:
    assert mapping_of(None, ()) == {}
    assert list_of(None, ()) == []
    assert words(None, (), WORD) == ()
    assert texts({}, "a", WORD, WORD) == {}
    assert [*section({}, "a", WORD)] == []


def test_what_has_the_form_is_returned() -> None:
    assert strings({"a": "b"}, (), WORD, WORD) == {"a": "b"}
    assert words(["a", "b"], (), WORD) == ("a", "b")
    assert [*section({"a": {"b": 1}}, "a", WORD)] == [("b", 1)]
    assert times({"a": {"x": "2026-11-30"}}, "a", DAY, "%Y-%m-%d") == {"x": "2026-11-30"}


@pytest.mark.parametrize(
    ("read", "path", "problem"),
    [
        (lambda: mapping_of(["a"], ("x",)), ("x",), "a mapping is expected here"),
        (lambda: mapping_of("a", ("x",)), ("x",), "a mapping is expected here"),
        (lambda: list_of({"a": 1}, ("x",)), ("x",), "a list is expected here"),
        (lambda: list_of("a", ("x",)), ("x",), "a list is expected here"),
        (lambda: text_of(1, WORD, ("x",)), ("x",), "`1` is not what is expected here"),
        (lambda: text_of("a\n", WORD, ("x",)), ("x",), "`a\n` is not what is expected here"),
        (lambda: words(["a", "B"], ("x",), WORD), ("x", 1), "`B` is not what is expected here"),
        (lambda: strings({"A": "b"}, ("x",), WORD, WORD), ("x", "A"), "`A` is not what is expected here"),
        (lambda: strings({"a": "B"}, ("x",), WORD, WORD), ("x", "a"), "`B` is not what is expected here"),
        (lambda: [*section({"x": {"A": 1}}, "x", WORD)], ("x", "A"), "`A` is not what is expected here"),
        (lambda: texts({"x": []}, "x", WORD, WORD), ("x",), "a mapping is expected here"),
        (
            lambda: times({"x": {"a": "2026-02-30"}}, "x", DAY, "%Y-%m-%d"),
            ("x", "a"),
            "no calendar has `2026-02-30`",
        ),
    ],
)
def test_what_has_another_form_is_refused_with_its_path(
    read: Callable[[], object], path: tuple[str | int, ...], problem: str
) -> None:
    with pytest.raises(BadEntryError) as caught:
        read()
    assert (caught.value.path, caught.value.problem) == (path, problem)


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "a\x00"])
def test_a_key_of_others_is_one_word(key: str) -> None:
    assert ANY.fullmatch(key) is None
