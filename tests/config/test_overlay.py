"""Laws of overlays."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.config.overlay_merge import empties, merge, removals
from tests.laws import examples

LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
NAMES = st.sampled_from("abcd")
law = settings(max_examples=examples(30))  # trees are slow to make


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(
        NAMES,
        st.recursive(leaves, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8),
        max_size=4,
    )


TREES = trees(LEAVES)
OVERLAYS = trees(st.one_of(st.none(), LEAVES))


def at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        return [path] if path else []
    return [found for key, item in value.items() for found in paths(item, (*path, key))]


@law
@given(TREES)
def test_nothing_on_top_changes_nothing(base: dict[str, Any]) -> None:
    assert merge(base, {}) == base
    assert merge(base, base) == base


@law
@given(TREES, OVERLAYS)
def test_what_the_overlay_says_holds(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    merged = merge(base, overlay)
    for path in paths(overlay):
        if at(overlay, path) not in (None, {}):
            assert at(merged, path) == at(overlay, path)


@law
@given(TREES)
def test_an_empty_value_removes(base: dict[str, Any]) -> None:
    for path in paths(base):
        overlay: Any = None
        for step in reversed(path):
            overlay = {step: overlay}
        merged = merge(base, overlay)
        assert path[-1] not in at(merged, path[:-1])
        assert set(at(base, path[:-1])) - set(at(merged, path[:-1])) == {path[-1]}


@law
@given(TREES, OVERLAYS)
def test_what_the_overlay_does_not_say_stays(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    merged = merge(base, overlay)
    assert all(merged[key] == value for key, value in base.items() if key not in overlay)


@law
@given(TREES, OVERLAYS)
def test_neither_is_changed(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    before = deepcopy((base, overlay))
    merge(base, overlay)
    assert (base, overlay) == before


@law
@given(TREES, OVERLAYS)
def test_what_is_removed_was_there_and_is_not_any_more(base: Any, overlay: Any) -> None:
    gone = set(removals(base, overlay))
    assert gone <= set(empties(overlay))
    merged = merge(base, overlay)
    assert all(at(base, path) is not None and at(merged, path) is None for path in gone)


def test_a_removal_of_nothing_stays_to_be_reported() -> None:
    assert merge({"images": {"a": 1}}, {"images": {"b": None}}) == {"images": {"a": 1, "b": None}}


def test_the_order_of_keys_is_the_bases_then_the_overlays() -> None:
    assert list(merge({"b": 1, "a": 2}, {"c": 3, "a": 4})) == ["b", "a", "c"]
