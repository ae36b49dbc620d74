from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from image_matrix.diagnostics import Diagnostic, Place, Rule, all_words, catalogue, did_you_mean, printable
from image_matrix.diagnostics.catalogue import RETIRED, RULES
from image_matrix.diagnostics.report import github, summary, terminal

PLACE = Place("matrix.yaml", 3, 5, 4, "    bsae: {}")
ONE = Diagnostic("IM999", "name", "error", "what, where: 100%", "write\nthis", PLACE)
WARNING = Diagnostic("IM998", "other", "warning", "hm", "", Place("overlay.yaml", 0, 0))


def test_annotations_are_escaped_as_the_runner_wants() -> None:
    assert github([ONE]) == (
        "::error file=matrix.yaml,line=3,col=5,endColumn=9,title=IM999 name::what, where: 100%25%0Ahelp: write%0Athis\n"
    )
    assert github([WARNING]) == "::warning file=overlay.yaml,title=IM998 other::hm\n"
    assert "file=a%3Ab%2Cc," in github([Diagnostic("I", "n", "error", "m", "", Place("a:b,c", 1, 1))])


@given(st.text(), st.text(), st.text())
def test_an_annotation_is_one_line(message: str, help_text: str, file: str) -> None:
    text = github([Diagnostic("I", "n", "error", message, help_text, Place(file, 1, 1))])
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "\r" not in text


@given(st.text(), st.integers(1, 200), st.integers(1, 50))
def test_a_caret_stays_in_the_window(source: str, column: int, width: int) -> None:
    place = Place("f", 7, min(column, len(source) + 1), width, source)
    lines = terminal([Diagnostic("I", "n", "error", "m", "", place)]).split("\n")
    assert lines[0] == f"f:7:{place.column}: error[I]: m"
    if source.strip():
        assert "^" in lines[2]
        assert len(lines[1]) <= 6 + 72
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for line in lines for char in line)


@given(st.text())
def test_printable_has_no_control_character(text: str) -> None:
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text


def test_summary_counts() -> None:
    assert summary([ONE, ONE, WARNING]) == "2 errors, 1 warning"
    assert terminal([]) == ""


def test_suggestions() -> None:
    assert did_you_mean("form", ["from", "platforms"]) == "did you mean `from`?"
    assert did_you_mean("x", []) == "there is none to choose from"
    assert did_you_mean("zzz", list("abcdefghijk")).endswith("`h` and 3 more")


def test_numbers_are_in_order_and_have_no_gap_but_those_of_retired_codes() -> None:
    declared = [value.code for value in vars(catalogue).values() if isinstance(value, Rule)]
    assert declared == sorted(RULES)
    known = sorted([*declared, *RETIRED])
    assert known == [
        f"IM{group}{number:02}" for group, count in counts(known) for number in range(1, count + 1)
    ]
    assert all(reason.endswith(".") for reason in RETIRED.values())


def counts(codes: list[str]) -> list[tuple[str, int]]:
    """How many codes each group has, by its digit."""
    return sorted(Counter(code[2] for code in codes).items())


def test_codes_and_names_are_unique_and_documented() -> None:
    assert list(all_words()) == list(RULES)
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    for code, rule in RULES.items():
        assert code == rule.code
        assert rule.words.about.endswith(".")
        assert rule.words.help
