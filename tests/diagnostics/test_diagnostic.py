"""Messages and helps have the values of a finding, but not thousands of their characters."""

from __future__ import annotations

import pytest

from image_matrix.diagnostics import MOST_CHARACTERS, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules

PLACE = Place("matrix.yaml", 1, 1)
ALLOWED = "a" * MOST_CHARACTERS
CUT = f"{'a' * 80}…{'a' * 20}"


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        (f"`{'a' * 5000}` is not known", f"`{CUT}` is not known"),
        (f"{'a' * 5000} is too large", f"{CUT} is too large"),
        (f"`{ALLOWED}` and {ALLOWED}", f"`{ALLOWED}` and {ALLOWED}"),
        (f"`{'a ' * 400}` is not known", f"`{'a ' * 40}…{'a ' * 10}` is not known"),
        (f"`a` {'is not known ' * 50}`b`", f"`a` {'is not known ' * 50}`b`"),
    ],
)
def test_a_long_value_is_cut(problem: str, shown: str) -> None:
    found = diagnostic(rules.BAD_VALUE, PLACE, where="`a`", problem=problem, advice="write b")
    assert found.message == f"`a`: {shown}"


def test_a_help_keeps_its_sentences() -> None:
    advice = f"write `{'one two ' * 100}`, not {'a' * 5000}"
    found = diagnostic(rules.BAD_VALUE, PLACE, where="`a`", problem="b", advice=advice)
    assert found.help == f"write `{'one two ' * 100}`, not {CUT}"
