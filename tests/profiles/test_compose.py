"""Values as Flux composes them; the cases are what fluxcd/pkg and Helm do."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.profiles.compose import Composed, Source, compose
from image_matrix.profiles.labelled import shown
from image_matrix.profiles.strvals import assignments


def composed(*references: Source, inline: dict[str, Any] | None = None) -> Composed:
    return compose(references, Source("inline", inline or {}))


def at(path: str, text: str, literal: bool = False) -> Source:
    return Source("target", sets=tuple(assignments(path, text, literal)))


def named(made: Composed) -> dict[str, tuple[str, ...]]:
    return {shown(path): names for path, names in made.setters.items()}


def test_a_mapping_that_replaces_a_text_takes_its_place() -> None:
    made = composed(
        Source("a", {"x": 1, "y": {"z": 1}}), Source("b", {"x": {"k": 2}}), Source("c", {"y": None})
    )
    assert made.values == {"x": {"k": 2}, "y": None}
    assert named(made) == {"x.k": ("a", "b"), "y": ("a", "c")}


def test_empty_mappings_and_lists() -> None:
    made = composed(Source("a", {"x": {"k": 1}, "y": {}, "z": [1]}), inline={"x": {}, "y": {"k": 2}, "z": []})
    assert made.values == {"x": {"k": 1}, "y": {"k": 2}, "z": []}
    assert named(made)["z"] == ("a", "inline")


LIST = {"nested": {"configuration": ["list", "item", "option"]}}


def test_a_target_path_before_the_others_wins_where_inline_values_have_it() -> None:
    made = composed(
        at("nested.configuration[0]", "value"),
        Source("map", {"flat": "value", "nested": {"configuration": ["one", "two", "three"]}}),
        inline=LIST,
    )
    assert made.values == {"flat": "value", "nested": {"configuration": ["value", "item", "option"]}}
    assert named(made)["nested.configuration[0]"] == ("map", "inline", "target")
    assert named(made)["nested.configuration[1]"] == ("map", "inline")


def test_a_target_path_into_the_list_of_another_source() -> None:
    made = composed(Source("map", LIST), at("nested.configuration[1]", "foo"), inline={"other": "values"})
    assert made.values == {"nested": {"configuration": ["list", "foo", "option"]}, "other": "values"}


def test_a_longer_list_has_nulls_in_between() -> None:
    made = composed(Source("map", LIST), at("nested.configuration[4].name", "x"))
    assert made.values["nested"]["configuration"] == ["list", "item", "option", None, {"name": "x"}]


def test_inline_values_win_over_a_target_path_where_an_earlier_reference_has_its_mapping_too() -> None:
    """Flux merges inline values in before and after: only what it shares with them keeps what was set."""
    target = at("a.b", "target")
    assert composed(target, inline={"a": {"b": "inline"}}).values == {"a": {"b": "target"}}
    made = composed(Source("map", {"a": {"c": 1}}), target, inline={"a": {"b": "inline"}})
    assert made.values == {"a": {"b": "inline", "c": 1}}
    assert composed(at("b", "target"), inline={"b": "inline"}).values == {"b": "inline"}
    assert composed(Source("map", {"a": {}}), target, inline={"a": {"b": "inline"}}).values == {
        "a": {"b": "inline"}
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("NULL", None), ("0", 0), ("-12", -12), ("007", "007"), ("1.5", "1.5"), ("", ""),
        ("9223372036854775808", "9223372036854775808"), ("'12'", "12"), ('"true"', "true"), ("{a,1}", ["a", 1]),
        ("{}", [""]), (r"a\,b", "a,b"), ("x: y", "x: y"), ("'", ""),
    ],
)  # fmt: skip
def test_texts_become_values_as_helm_sets_them(text: str, value: object) -> None:
    assert assignments("a", text, literal=False) == [(("a",), value)]


def test_a_comma_starts_another_key() -> None:
    assert assignments("a.b", "x,c[1].d=2", literal=False) == [(("a", "b"), "x"), (("c", 1, "d"), 2)]
    assert assignments("a", "{x},b=1", literal=False) == [(("a",), ["x"]), (("b",), 1)]
    with pytest.raises(ValueError, match=r"the key `net:9092` has no value \(a comma"):
        assignments("brokers", "one.net:9092,two.net:9092", literal=False)
    assert assignments("brokers", "a,{b}", literal=True) == [(("brokers",), "a,{b}")]


@pytest.mark.parametrize(
    ("path", "steps"),
    [(r"externalConfig.application\.yml.content", ("externalConfig", "application.yml", "content")),
     ("a[0][12].b", ("a", 0, 12, "b"))],
)  # fmt: skip
def test_paths(path: str, steps: tuple[object, ...]) -> None:
    assert assignments(path, "x", literal=True) == [(steps, "x")]


@pytest.mark.parametrize("path", ["", "a b", "a[x]", "a[1]b", "a.", "a..b", "[0]", "a" * 251])
def test_paths_that_flux_refuses(path: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        assignments(path, "x", literal=False)


@pytest.mark.parametrize("path", ["a.b", "a[0]", "b.c", "c[0][0]"])
def test_something_else_in_the_way(path: str) -> None:
    with pytest.raises(ValueError, match=r"target: `.*` is not a (mapping|list)"):
        composed(Source("map", {"a": "text", "b": [1], "c": [1]}), at(path, "x"))
