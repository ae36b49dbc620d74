"""The DAG of images and of their variants: order, layers, ancestors.

Every command needs it: the standard library's graphlib is loaded in no time, while the import of networkx alone costs
more than a whole ``check``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Dag:
    """Names in declaration order, each with its parent or ``None``; parents outside the mapping are not followed."""

    parents: Mapping[str, str | None]

    def layers(self) -> dict[str, int]:
        """Return each name's layer (0: no parent), in build order: by layer, then as declared.

        Raises :class:`graphlib.CycleError` where names are each other's parents; ask :meth:`cycles` first.
        """
        from graphlib import TopologicalSorter

        edges: dict[str, list[str]] = {
            name: [parent] if parent is not None and parent in self.parents else []
            for name, parent in self.parents.items()
        }
        layer: dict[str, int] = {}
        for name in TopologicalSorter(edges).static_order():
            parent = self.parents[name]
            layer[name] = layer[parent] + 1 if parent is not None and parent in layer else 0
        declared = {name: position for position, name in enumerate(self.parents)}
        return dict(sorted(layer.items(), key=lambda item: (item[1], declared[item[0]])))

    def order(self) -> list[str]:
        """Return the names so that parents come before children."""
        return list(self.layers())

    def cycles(self) -> list[list[str]]:
        """Return every cycle as the names on it, child before parent, starting at the one declared first."""
        seen: set[str] = set()
        found = []
        for start in self.parents:
            trail: list[str] = []
            name: str | None = start
            while name is not None and name in self.parents and name not in seen:
                seen.add(name)
                trail.append(name)
                name = self.parents[name]
            if name in trail:
                found.append(self._rotated(trail[trail.index(name) :]))
        return found

    def _rotated(self, cycle: list[str]) -> list[str]:
        first = min(range(len(cycle)), key=lambda at: list(self.parents).index(cycle[at]))
        return cycle[first:] + cycle[:first]

    def ancestors(self, name: str) -> list[str]:
        """Return the chain above a name, nearest first."""
        chain: list[str] = []
        parent = self.parents.get(name)
        while parent is not None and parent in self.parents:
            chain.append(parent)
            parent = self.parents[parent]
        return chain

    def with_ancestors(self, names: Iterable[str]) -> list[str]:
        """Return the names and everything that they are built on, in build order."""
        wanted = {item for name in names for item in (name, *self.ancestors(name))}
        return [name for name in self.order() if name in wanted]
