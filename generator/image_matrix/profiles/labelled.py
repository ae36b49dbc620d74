"""Records the source of each value: trees of mappings and lists whose leaves carry the source's name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.json_data import Json

PathPart = str | int
ValuePath = tuple[PathPart, ...]
"""Keys of mappings and positions in lists."""
Tree = Any
"""A :class:`Leaf`, or a mapping or list of trees that is not empty."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar, or an empty mapping or list, and its source."""

    value: Any
    source: str


def labelled(value: Json, source: str) -> Tree:
    """Return a value as a tree; keys become text, as in JSON."""
    if isinstance(value, dict) and value:
        return {
            key if isinstance(key, str) else json.dumps(key): labelled(item, source)
            for key, item in value.items()
        }
    if isinstance(value, list) and value:
        return [labelled(item, source) for item in value]
    return Leaf(value, source)


def plain(tree: Tree) -> Json:
    """Return the value of a tree."""
    if isinstance(tree, dict):
        return {key: plain(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [plain(item) for item in tree]
    return tree.value


def mapping(tree: Tree) -> dict[str, Tree] | None:
    """Return a tree as a mapping, which may be empty; ``None`` if it is something else."""
    if isinstance(tree, dict):
        return tree
    return {} if isinstance(tree, Leaf) and tree.value == {} and isinstance(tree.value, dict) else None


def merge(base: Mapping[str, Tree], top: Mapping[str, Tree]) -> dict[str, Tree]:
    """Merge as Helm and Flux do: mappings are merged, other values replace.

    The result shares the rest with ``base`` and ``top``, as in Go. :mod:`image_matrix.profiles.strvals` changes trees
    in place, so this sharing decides which value wins (fluxcd/pkg, chartutil/merge.go).
    """
    result = dict(base)
    for key, item in top.items():
        old, new = mapping(result.get(key)), mapping(item)
        result[key] = item if old is None or new is None else merge(old, new) or item
    return result


def leaves(tree: Tree, path: ValuePath = ()) -> Iterator[tuple[ValuePath, str]]:
    """Yield the paths in a tree with their sources; a list, or an entry of one, from a single source is one path."""
    if isinstance(tree, Leaf):
        yield path, tree.source
        return
    items = list(tree.items() if isinstance(tree, dict) else enumerate(tree))
    inner = [leaf for part, item in items for leaf in leaves(item, (*path, part))]
    sources = {source for _, source in inner}
    is_whole = isinstance(tree, list) or (path and isinstance(path[-1], int))
    if is_whole and len(sources) == 1:
        yield path, sources.pop()
    else:
        yield from inner


def shown(path: ValuePath) -> str:
    """Return a path as a user writes it: ``a.b[0].c``, with a backslash before the dots of a name."""
    parts = (f"[{part}]" if isinstance(part, int) else "." + part.replace(".", "\\.") for part in path)
    return "".join(parts).removeprefix(".")
