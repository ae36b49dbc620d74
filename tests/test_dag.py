"""Laws of the DAG, on random forests and on names that are each other's parents."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from image_matrix.dag import build_order, chain, children, descendants, digraph, with_ancestors


@st.composite
def forests(draw: st.DrawFn) -> dict[str, str | None]:
    """Names in any document order, each with an earlier numbered parent or none."""
    size = draw(st.integers(0, 30))
    parents: dict[str, str | None] = {}
    for number in range(size):
        above = draw(st.integers(-1, number - 1))
        parents[f"n{number}"] = f"n{above}" if above >= 0 else None
    return dict(draw(st.permutations(list(parents.items()))))


names = st.sampled_from("abcdefgh")
anything = st.dictionaries(names, st.one_of(st.none(), names))
"""Parents that may be unknown, or go round in a circle."""


@given(forests())
def test_a_layer_is_the_number_of_ancestors(parents: dict[str, str | None]) -> None:
    layers = build_order(parents).layers
    assert layers == {name: len(list(chain(name, parents.get))) - 1 for name in parents}


@given(forests())
def test_build_order_is_by_layer_then_as_in_the_document(parents: dict[str, str | None]) -> None:
    layers, document = build_order(parents).layers, list(parents)
    assert list(layers) == sorted(document, key=lambda name: (layers[name], document.index(name)))


@given(forests())
def test_a_height_is_the_longest_way_up_to_a_leaf(parents: dict[str, str | None]) -> None:
    heights, below = build_order(parents).heights, children(parents)
    for name in parents:
        assert heights[name] == max((heights[child] + 1 for child in below.get(name, ())), default=0)


@given(forests())
def test_a_walk_keeps_what_is_built_on_a_name_together(parents: dict[str, str | None]) -> None:
    walk = build_order(parents).walk
    graph = digraph({name: () if above is None else (above,) for name, above in parents.items()})
    assert sorted(walk) == sorted(parents)
    for at, name in enumerate(walk):
        family = descendants(graph, [name])
        assert set(walk[at : at + len(family)]) == family
    document = list(parents)
    siblings = [[name for name in walk if parents[name] == above] for above in {*parents.values()}]
    assert all(
        document.index(one) < document.index(two) for group in siblings for one, two in pairwise(group)
    )


@given(forests(), st.data())
def test_ancestors_of_descendants(parents: dict[str, str | None], data: st.DataObject) -> None:
    """Nothing but its descendants has a name among its ancestors."""
    if not parents:
        return
    name = data.draw(st.sampled_from(sorted(parents)))
    graph = digraph({one: () if above is None else (above,) for one, above in parents.items()})
    below = descendants(graph, [name])
    assert below == {one for one in parents if name in chain(one, parents.get)}
    assert with_ancestors(below, lambda one: [above] if (above := parents[one]) else []) == below | {
        *chain(name, parents.get)
    }


@given(anything)
def test_every_name_is_in_order_or_built_on_a_cycle(parents: dict[str, str | None]) -> None:
    order = build_order(parents)
    cyclic = {name for cycle in order.cycles for name in cycle}
    assert set(order.layers) == set(order.heights) == set(order.walk)
    for name in parents:
        seen: list[str] = []
        for above in chain(name, parents.get):
            if above in seen or above not in parents:
                break
            seen.append(above)
        assert (name in order.layers) == cyclic.isdisjoint(seen)


@given(anything)
def test_cycles_go_upwards_from_the_first_name_in_the_document(parents: dict[str, str | None]) -> None:
    document = list(parents)
    cycles = build_order(parents).cycles
    for cycle in cycles:
        assert all(parents[name] == above for name, above in zip(cycle, cycle[1:] + cycle[:1], strict=True))
        assert cycle[0] == min(cycle, key=document.index)
    assert [cycle[0] for cycle in cycles] == sorted((cycle[0] for cycle in cycles), key=document.index)


def test_an_unknown_parent_does_not_become_a_name() -> None:
    order = build_order({"a": "missing", "b": "a"})
    assert order.layers == {"a": 0, "b": 1}


def test_a_node_may_be_built_on_several() -> None:
    graph = digraph({"a": [], "b": ["a"], "c": ["a", "b"]})
    assert list(graph.edges) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert descendants(graph, ["b"]) == {"b", "c"}
