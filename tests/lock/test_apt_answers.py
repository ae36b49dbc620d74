"""Answers of apt survive the way from one job to another, and what is no answer becomes a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.lock.apt_answers import MISSING, AnswersError, AptAnswers, answered, read_answers, written
from image_matrix.lock.apt_updates import CVE, NAME, VERSION, AptFindings, AptUpdate
from tests.laws import examples

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

FIXTURE = Path(__file__).parent / "fixtures" / "apt-answers.json"
SOURCES, VARIANTS = ("trixie",), ("lab:default", "own:default")
names = st.from_regex(NAME, fullmatch=True)
versions = st.from_regex(VERSION, fullmatch=True)
cves = st.lists(st.from_regex(CVE, fullmatch=True).filter(str.isascii), max_size=2).map(tuple)
updates = st.builds(AptUpdate, names, versions, versions, names, versions, cves)
words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=9)


@st.composite
def answers(draw: DrawFn) -> AptAnswers:
    sources = draw(st.frozensets(words, max_size=3))
    of_sources = st.sampled_from(sorted(sources)) if sources else st.nothing()
    return AptAnswers(
        sources,
        AptFindings(
            draw(st.dictionaries(words, st.lists(updates, max_size=2).map(tuple), max_size=3)),
            draw(st.dictionaries(words, of_sources, max_size=3)) if sources else {},
            draw(st.frozensets(words, max_size=3)),
            draw(st.frozensets(words, max_size=3)),
            tuple(draw(st.lists(words, max_size=2))),
        ),
    )


@settings(max_examples=examples(200))
@given(answers())
def test_what_is_written_is_read(made: AptAnswers) -> None:
    assert read_answers(written(made)) == made


@given(st.text())
def test_any_failure_is_handed_on_as_a_printable_line(text: str) -> None:
    (line,) = read_answers(written(AptAnswers(frozenset(), AptFindings(failures=(text,))))).findings.failures
    assert line.isprintable()
    assert len(line) == len(text)


def fixture() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(FIXTURE.read_bytes())
    return data


def test_answers_count_as_if_they_were_asked() -> None:
    found = answered(FIXTURE.read_bytes(), SOURCES, VARIANTS)
    less = AptUpdate("less", "643-1", "643-2", "less", "643-1", ("CVE-2026-4321",))
    assert found == AptFindings(
        {"lab:default": (less,), "own:default": ()},
        {"lab:default": "trixie"},
        frozenset(SOURCES),
        frozenset(["own:default"]),
        ("old:default: not found",),
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


@pytest.mark.parametrize("path", places(fixture()), ids=str)
@pytest.mark.parametrize("wrong", [None, 7, "a\nb", "\ud800", [[]], {"x": []}], ids=repr)
def test_another_form_anywhere_is_a_failure(path: tuple[Any, ...], wrong: Any) -> None:
    data: Any = {"": fixture()}
    owner, key = data, ""
    for step in path:
        owner, key = owner[key], step
    owner[key] = wrong
    found = answered(json.dumps(data[""]).encode(), SOURCES, VARIANTS)
    (failure,) = found.failures
    assert failure.startswith("not asked: what the job that asks has handed on cannot be read: ")
    assert failure.isprintable()
    assert found == AptFindings(released=frozenset(SOURCES), failures=(failure,))


@given(st.binary() | st.integers(2000, 200_000).map(lambda depth: b"[" * depth))
def test_any_bytes_are_answers_or_an_error(content: bytes) -> None:
    with pytest.raises(AnswersError):
        read_answers(content)


@pytest.mark.parametrize(
    ("content", "sources", "variants", "reason"),
    [
        (None, SOURCES, VARIANTS, MISSING),
        (FIXTURE.read_bytes(), ("trixie", "old"), VARIANTS, "not asked on old: the job asked on others"),
        (
            FIXTURE.read_bytes(),
            SOURCES,
            ("own:default",),
            "not asked: what the job that asks has handed on cannot be read: the matrix has no lab:default",
        ),
    ],
)
def test_what_is_missing_is_said_and_leaves_the_entries(
    content: bytes | None, sources: tuple[str, ...], variants: tuple[str, ...], reason: str
) -> None:
    assert answered(content, sources, variants) == AptFindings(
        released=frozenset(sources), failures=(reason,)
    )


def test_who_needs_no_answers_misses_none() -> None:
    assert answered(None, (), VARIANTS) == AptFindings()
