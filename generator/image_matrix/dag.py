"""The DAG of images, of variants or of jobs: order, layers, ancestors, descendants, chains.

networkx has the algorithms. Its import takes as long as half a ``check``, so it is imported where an algorithm runs,
and the order of a matrix's images is computed once for all who need it (:class:`BuildOrder`). Following parents from
one node to the next needs no algorithm: :func:`chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import networkx

Node = TypeVar("Node", bound=Hashable)
Parents = Mapping[str, str | None]
"""Names in document order, each with its parent; a parent that is not a name itself is not followed."""


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """What follows from the edges between names; a name on a cycle, or above one, is in no order."""

    layers: Mapping[str, int] = field(default_factory=dict)
    """Name to generation (0: without a parent), in build order: by layer, then as in the document."""
    heights: Mapping[str, int] = field(default_factory=dict)
    """Name to the number of generations that are built on it."""
    walk: tuple[str, ...] = ()
    """The names depth first: a name, then everything that is built on it, then its next sibling."""
    cycles: tuple[tuple[str, ...], ...] = ()
    """The names of each cycle, each before its parent, from the first in the document."""


def build_order(parents: Parents) -> BuildOrder:
    """Return the order of names."""
    graph = digraph({name: () if parent is None else (parent,) for name, parent in parents.items()})
    cycles = _cycles(graph)
    graph.remove_nodes_from(descendants(graph, [name for cycle in cycles for name in cycle]))
    return BuildOrder(generations(graph), generations(graph.reverse()), _walk(graph), cycles)


def digraph(parents: Mapping[Node, Iterable[Node]]) -> networkx.DiGraph[Node]:
    """Return a graph with edges from parent to child, both in the order given; unknown parents are left out."""
    import networkx

    graph: networkx.DiGraph[Node] = networkx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from(
        (parent, node) for node, listed in parents.items() for parent in listed if parent in parents
    )
    return graph


def generations(graph: networkx.DiGraph[Node]) -> dict[Node, int]:
    """Return the layer of each node, by layer, then in the graph's own order."""
    import networkx

    position = {node: at for at, node in enumerate(graph)}
    return {
        node: layer
        for layer, nodes in enumerate(networkx.topological_generations(graph))
        for node in sorted(nodes, key=position.__getitem__)
    }


def descendants(graph: networkx.DiGraph[Node], nodes: Iterable[Node]) -> set[Node]:
    """Return nodes with everything that is built on them."""
    import networkx

    return {node for start in nodes for node in (start, *networkx.descendants(graph, start))}


def _walk(graph: networkx.DiGraph[Node]) -> tuple[Node, ...]:
    import networkx

    roots = (node for node, parents in graph.in_degree() if not parents)
    return tuple(dict.fromkeys(node for root in roots for node in networkx.dfs_preorder_nodes(graph, root)))


def _cycles(graph: networkx.DiGraph[Node]) -> tuple[tuple[Node, ...], ...]:
    import networkx

    position = {node: at for at, node in enumerate(graph)}
    found = []
    for cycle in networkx.simple_cycles(graph):
        upwards = cycle[::-1]
        first = upwards.index(min(upwards, key=position.__getitem__))
        found.append((*upwards[first:], *upwards[:first]))
    return tuple(sorted(found, key=lambda cycle: position[cycle[0]]))


def chain(node: Node, parent_of: Callable[[Node], Node | None]) -> Iterator[Node]:
    """Yield a node and what it is built on, nearest first, up to the root."""
    current: Node | None = node
    while current is not None:
        yield current
        current = parent_of(current)


def with_ancestors(nodes: Iterable[Node], parent_of: Callable[[Node], Node | None]) -> set[Node]:
    """Return nodes with everything that they are built on."""
    return {above for node in nodes for above in chain(node, parent_of)}


def children(parents: Mapping[Node, Node | None]) -> dict[Node, list[Node]]:
    """Return what is built directly on each node, in the order given; nodes without children are left out."""
    below: dict[Node, list[Node]] = {}
    for node, parent in parents.items():
        if parent is not None:
            below.setdefault(parent, []).append(node)
    return below
