"""The words of commands, as far as they are known without a shell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.dockerfiles.shell_words import commands


def words_of(script: str, **values: str) -> list[list[str]]:
    return [words for words in commands(script, values) if words]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a b; c && d | e", [["a", "b"], ["c"], ["d"], ["e"]]),
        ("a \\\n 'b c' # d\ne", [["a", "b", "c"], ["e"]]),
        ("a $KNOWN ${KNOWN:-x} ${OTHER:-x}y", [["a", "k", "k", "?y"]]),
        ("X=1; a $X", [["X=1"], ["a", "1"]]),
        ("X='1 2' && Y=${X}3 && a $Y", [["X=1", "2"], ["Y=1", "23"], ["a", "1", "23"]]),
        ("export X=1\na $X", [["export", "X=1"], ["a", "1"]]),
        ("KNOWN=$(b c); a $KNOWN", [["KNOWN=?"], ["a", "?"], ["b", "c"]]),
        ("if b; then X=1; else X=2; fi; a $X",
         [["if", "b"], ["then", "X=1"], ["else", "X=2"], ["fi"], ["a", "?"]]),
        ("a x=1 $x", [["a", "x=1", "?"]]),
        ("a `b $(c)`", [["a", "?"], ["b", "?"], ["c"]]),
    ],
)  # fmt: skip
def test_words(script: str, words: list[list[str]]) -> None:
    assert words_of(script, KNOWN="k") == words


@given(st.text(alphabet="ab=$(){}`'\"\\\\;|&:-+#/% \n", max_size=40))
def test_any_text_ends(script: str) -> None:
    for words in commands(script, {"a": "1"}):
        assert all(word == "".join(word.split()) for word in words)


@given(st.lists(st.from_regex(r"[a-z0-9.=+-]{1,9}", fullmatch=True), max_size=6))
def test_plain_words_stay(words: list[str]) -> None:
    assert [*commands(" ".join(words), {})] == [words]
