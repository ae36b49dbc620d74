"""Computes order, layers, ancestors, descendants and chains of the DAG of images, variants or jobs.

networkx implements the algorithms. Its import takes half the time of a ``check``. So the functions that use it import
it, and the order of a matrix's images is computed once (:class:`BuildOrder`). Following parents from one node to the
next needs no algorithm: :func:`chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import networkx

Node = TypeVar("Node", bound=Hashable)
Parents = Mapping[str, str | None]
"""Names in document order, each with its parent; a parent that is not among the names is ignored."""
OtherParents = Mapping[str, tuple[str, ...]]
"""Names, each with what it needs beside its parent."""
NO_OTHERS: OtherParents = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """The order of names; it excludes names on a cycle and their descendants."""

    layers: Mapping[str, int] = field(default_factory=dict)
    """Name to generation (0: without a parent), in build order: by layer, then as in the document."""
    heights: Mapping[str, int] = field(default_factory=dict)
    """Name to the number of generations below it."""
    walk: tuple[str, ...] = ()
    """The names depth first: a name, then its descendants, then its next sibling."""
    cycles: tuple[tuple[str, ...], ...] = ()
    """The names of each cycle, each before its parent, from the first in the document."""


def build_order(parents: Parents, others: OtherParents = NO_OTHERS) -> BuildOrder:
    """Return the order of names."""
    graph = digraph(
        {
            name: (*(() if parent is None else (parent,)), *others.get(name, ()))
            for name, parent in parents.items()
        }
    )
    cycles = _cycles(graph)
    graph.remove_nodes_from(descendants(graph, [name for cycle in cycles for name in cycle]))
    return BuildOrder(generations(graph), generations(graph.reverse()), _walk(graph), cycles)


def digraph(parents: Mapping[Node, Iterable[Node]]) -> networkx.DiGraph[Node]:
    """Return a graph with edges from parent to child, in the given order, without unknown parents."""
    import networkx

    graph: networkx.DiGraph[Node] = networkx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from(
        (parent, node) for node, listed in parents.items() for parent in listed if parent in parents
    )
    return graph


def generations(graph: networkx.DiGraph[Node]) -> dict[Node, int]:
    """Return the layer of each node, sorted by layer, then by the order of the graph."""
    import networkx

    position = {node: at for at, node in enumerate(graph)}
    return {
        node: layer
        for layer, nodes in enumerate(networkx.topological_generations(graph))
        for node in sorted(nodes, key=position.__getitem__)
    }


def descendants(graph: networkx.DiGraph[Node], nodes: Iterable[Node]) -> set[Node]:
    """Return nodes and their descendants."""
    import networkx

    return {node for start in nodes for node in (start, *networkx.descendants(graph, start))}


def _walk(graph: networkx.DiGraph[Node]) -> tuple[Node, ...]:
    import networkx

    roots = (node for node, parents in graph.in_degree() if not parents)
    return tuple(dict.fromkeys(node for root in roots for node in networkx.dfs_preorder_nodes(graph, root)))


def _cycles(graph: networkx.DiGraph[Node]) -> tuple[tuple[Node, ...], ...]:
    import networkx

    position = {node: at for at, node in enumerate(graph)}
    cycles = []
    for cycle in networkx.simple_cycles(graph):
        upwards = cycle[::-1]
        first = upwards.index(min(upwards, key=position.__getitem__))
        cycles.append((*upwards[first:], *upwards[:first]))
    return tuple(sorted(cycles, key=lambda cycle: position[cycle[0]]))


def chain(node: Node, parent_of: Callable[[Node], Node | None]) -> Iterator[Node]:
    """Yield a node and its ancestors, nearest first, up to the root."""
    current: Node | None = node
    while current is not None:
        yield current
        current = parent_of(current)


def upwards(node: Node, parents_of: Callable[[Node], Iterable[Node]]) -> Iterator[Node]:
    """Yield a node and everything that it needs, nearest first, each once."""
    reached = {node: None}
    waiting = [node]
    for current in waiting:
        yield current
        further = [parent for parent in parents_of(current) if parent not in reached]
        reached |= dict.fromkeys(further)
        waiting += dict.fromkeys(further)


def with_ancestors(nodes: Iterable[Node], parents_of: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """Return nodes and their ancestors."""
    return {ancestor for node in nodes for ancestor in upwards(node, parents_of)}


def with_descendants(
    nodes: Iterable[Node], order: Iterable[Node], parents_of: Callable[[Node], Iterable[Node]]
) -> set[Node]:
    """Return nodes and what is built on them; ``order`` has all nodes, parents before children."""
    reached = set(nodes)
    for node in order:
        if not reached.isdisjoint(parents_of(node)):
            reached.add(node)
    return reached


def children(parents: Mapping[Node, Node | None]) -> dict[Node, list[Node]]:
    """Return the children of each node, in the given order, without nodes that have none."""
    below: dict[Node, list[Node]] = {}
    for node, parent in parents.items():
        if parent is not None:
            below.setdefault(parent, []).append(node)
    return below
