"""The DAG against networkx, on random forests."""

from __future__ import annotations

from graphlib import CycleError
from itertools import pairwise

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.dag import Dag


@st.composite
def forests(draw: st.DrawFn) -> dict[str, str | None]:
    """Names in any declaration order, each with an earlier numbered parent or none."""
    size = draw(st.integers(0, 30))
    parents: dict[str, str | None] = {}
    for number in range(size):
        above = draw(st.integers(-1, number - 1))
        parents[f"n{number}"] = f"n{above}" if above >= 0 else None
    return dict(draw(st.permutations(list(parents.items()))))


def reference(parents: dict[str, str | None]) -> networkx.DiGraph[str]:
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from((above, name) for name, above in parents.items() if above)
    return graph


@given(forests())
def test_layers_are_the_topological_generations(parents: dict[str, str | None]) -> None:
    layers = Dag(parents).layers()
    generations = list(networkx.topological_generations(reference(parents)))
    assert layers == {name: number for number, names in enumerate(generations) for name in names}


@given(forests())
def test_order_is_by_layer_then_as_declared(parents: dict[str, str | None]) -> None:
    dag = Dag(parents)
    layers, declared = dag.layers(), list(parents)
    assert dag.order() == sorted(declared, key=lambda name: (layers[name], declared.index(name)))


@given(forests(), st.data())
def test_ancestors(parents: dict[str, str | None], data: st.DataObject) -> None:
    if not parents:
        return
    name = data.draw(st.sampled_from(sorted(parents)))
    dag, graph = Dag(parents), reference(parents)
    assert set(dag.ancestors(name)) == networkx.ancestors(graph, name)
    chain = [name, *dag.ancestors(name)]
    assert all(parents[below] == above for below, above in pairwise(chain))


@given(forests(), st.data())
def test_with_ancestors_is_closed_and_in_build_order(
    parents: dict[str, str | None], data: st.DataObject
) -> None:
    wanted = data.draw(st.sets(st.sampled_from(sorted(parents)))) if parents else set()
    dag = Dag(parents)
    found = dag.with_ancestors(wanted)
    assert wanted <= set(found)
    assert all(parents[name] is None or parents[name] in found[: found.index(name)] for name in found)
    assert set(found) - wanted <= {above for name in wanted for above in dag.ancestors(name)}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.one_of(st.none(), st.sampled_from("abcdefgh"))))
def test_cycles_are_all_found_and_nothing_else(parents: dict[str, str | None]) -> None:
    inside = {name: above if above in parents else None for name, above in parents.items()}
    expected = {frozenset(cycle) for cycle in networkx.simple_cycles(reference(inside))}
    cycles = Dag(parents).cycles()
    assert {frozenset(cycle) for cycle in cycles} == expected
    assert len(cycles) == len(expected)
    for cycle in cycles:
        assert all(parents[name] == above for name, above in zip(cycle, cycle[1:] + cycle[:1], strict=True))
        assert cycle[0] == next(name for name in parents if name in cycle)


def test_a_cycle_has_no_layers() -> None:
    with pytest.raises(CycleError):
        Dag({"a": "b", "b": "a"}).layers()


def test_an_unknown_parent_is_not_made_a_node() -> None:
    dag = Dag({"a": "missing"})
    assert dag.order() == ["a"]
    assert dag.ancestors("a") == []
