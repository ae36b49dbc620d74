"""Build arguments in FROM are replaced as BuildKit replaces them."""

from __future__ import annotations

import pytest

from image_matrix.dockerfiles.expansion import expand

VALUES = {"A": "one", "EMPTY": "", "PATH_": "a/b/c.tar.gz"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("x", "x"),
        ("$A/base", "one/base"),
        ("${A}base:$A", "onebase:one"),
        ("$B/base", "/base"),
        ("${B:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY-two}", ""),
        ("${A:-two}", "one"),
        ("${B:-${A}-x}", "one-x"),
        ("${A:+two}", "two"),
        ("${B+two}", ""),
        ("${PATH_##*/}", "c.tar.gz"),
        ("${PATH_#*/}", "b/c.tar.gz"),
        ("${PATH_%.*}", "a/b/c.tar"),
        ("${PATH_%%.*}", "a/b/c"),
        ("${PATH_/b/x}", "a/x/c.tar.gz"),
        ("${PATH_//a/x}", "x/b/c.txr.gz"),
        ('"$A"', "one"),
        ("'$A'", "$A"),
        ("\\$A", "$A"),
    ],
)
def test_a_word_is_expanded(word: str, expected: str) -> None:
    assert expand(word, VALUES) == expected


def test_a_word_that_is_nested_too_deep_is_not_known() -> None:
    """How much of Python's stack is left, tests of other laws may change: the limit is a number."""
    assert expand("${A:-" * 100 + "x" + "}" * 100, {}) == "x"
    assert expand("${A:-" * 101 + "x" + "}" * 101, {}) == ""
