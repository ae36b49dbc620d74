"""YAML with places: what a scalar is, where everything stands, what is refused before it costs anything."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
import ruamel.yaml
from hypothesis import example, given
from hypothesis import strategies as st

from image_matrix.config.document import Documents
from image_matrix.config.yaml_loader import MAX_BYTES, MAX_DEPTH, parse, scalar


def document(text: str) -> Documents:
    found, problems = parse(text, "matrix.yaml")
    assert problems == []
    assert found is not None
    return Documents(found.value, (found,))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.10", 3.1), ("3.13.1", "3.13.1"), ("010", 10), ("0o10", 8), ("0x1F", 31), ("1e3", 1000.0), ("-.5", -0.5),
        (".inf", math.inf), ("-.INF", -math.inf), ("no", "no"), ("Off", "Off"), ("yes", "yes"), ("true", True),
        ("FALSE", False), ("~", None), ("null", None), ("", None), ("2026-11-21", "2026-11-21"), ("1_000", "1_000"),
        ("12:30", "12:30"), ("=", "="), ("1.", 1.0), ("+1", 1), ("0b1", "0b1"), (".", "."), ("-", "-"),
        ("1.2e", "1.2e"),
    ],
)  # fmt: skip
def test_plain_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    assert scalar(text, plain=True) == value
    assert type(scalar(text, plain=True)) is type(value)
    assert scalar(text, plain=False) == text


def test_a_number_without_end() -> None:
    assert scalar("1" * 5000, plain=True) == math.inf
    assert str(scalar("0x" + "f" * 3000, plain=True)).isdigit()
    assert scalar("0x" + "f" * 5000, plain=True) == "0x" + "f" * 5000


def test_not_a_number() -> None:
    assert math.isnan(float(str(scalar(".NaN", plain=True))))


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("abcdefg -:{}#", min_size=1, max_size=5), inner, max_size=3),
    ),
    max_leaves=12,
)  # fmt: skip


def dumped(value: Any) -> str:
    stream = io.StringIO()
    yaml = ruamel.yaml.YAML(typ="safe")
    yaml.width = 10_000
    yaml.default_flow_style = False  # libyaml refuses `{a: :0}`, which YAML allows
    yaml.dump(value, stream)
    return stream.getvalue()


@given(VALUES)
def test_what_ruamel_writes_is_read(value: Any) -> None:
    assert document(dumped({"top": value})).value == {"top": value}


@given(VALUES)
def test_every_value_has_its_place(value: Any) -> None:
    """The text at a scalar's place is how that scalar is written."""
    found = document(dumped({"top": value}))
    for path, leaf in _leaves(found.value, ()):
        place = found.place(path)
        written = place.source[place.column - 1 : place.column - 1 + place.width]
        if isinstance(leaf, (int, bool)):
            assert scalar(written, plain=True) == leaf


def _leaves(value: Any, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for at, item in enumerate(value) for leaf in _leaves(item, (*path, at))]
    return [(path, value)]


def test_a_place_belongs_to_the_last_file_that_speaks() -> None:
    first, _ = parse("a: {b: 1, c: 2}\n", "matrix.yaml")
    second, _ = parse("\na:\n  c: 3\n", "overlay.yaml")
    assert first is not None
    assert second is not None
    both = Documents({"a": {"b": 1, "c": 3}}, (first, second))
    assert (both.place(("a", "b")).file, both.place(("a", "b")).line) == ("matrix.yaml", 1)
    assert (both.place(("a", "c")).file, both.place(("a", "c")).line) == ("overlay.yaml", 3)
    missing = both.place(("a", "d", "e"))
    assert (missing.file, missing.line, missing.column) == ("overlay.yaml", 2, 1)


def test_columns_count_characters() -> None:
    place = document("a: {日本: é, key: x}\n").place(("a", "key"), "key")
    assert (place.line, place.column, place.width) == (1, 12, 3)


def test_a_large_file_is_refused_unread() -> None:
    found, problems = parse("a: " + "x" * MAX_BYTES, "matrix.yaml")
    assert found is None
    assert [(item.code, item.place.line) for item in problems] == [("IM003", 1)]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_ends_at_the_limit(opening: str) -> None:
    closing = {"[": "]", "{a: ": "}"}.get(opening, "")
    _, problems = parse(opening * MAX_DEPTH + "x" + closing * MAX_DEPTH + "\n", "matrix.yaml")
    assert [item.code for item in problems if item.code == "IM003"] == []
    deeper = MAX_DEPTH + 1
    refused, problems = parse(opening * deeper + "x" + closing * deeper + "\n", "matrix.yaml")
    assert refused is None
    assert [item.code for item in problems] == ["IM003"]


@given(st.text(alphabet="[]{}:,-?&*!|>'\"%@`#a1 \n\t~<=.", max_size=60))
@example("\n{#]")
@example('\n{a: "}",')
def test_no_text_is_a_crash(text: str) -> None:
    found, problems = parse(text, "matrix.yaml")
    assert found is not None or problems
    for item in problems:
        assert 1 <= item.place.line <= text.count("\n") + 1
        assert item.place.column >= 1
        assert item.message
        assert item.help
