"""Values that know which source said them: trees of mappings and lists whose leaves carry a name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Step = str | int
Path = tuple[Step, ...]
"""Keys of mappings and positions in lists."""
Tree = Any
"""A :class:`Leaf`, or a mapping or list of trees that is not empty."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar, or an empty mapping or list, and the source that said it."""

    value: Any
    source: str


def labelled(value: Any, source: str) -> Tree:  # noqa: ANN401 - YAML values are anything
    """Return a value as a tree; keys become text, as in JSON."""
    if isinstance(value, dict) and value:
        return {
            key if isinstance(key, str) else json.dumps(key): labelled(item, source)
            for key, item in value.items()
        }
    if isinstance(value, list) and value:
        return [labelled(item, source) for item in value]
    return Leaf(value, source)


def plain(tree: Tree) -> Any:  # noqa: ANN401
    """Return the value of a tree."""
    if isinstance(tree, dict):
        return {key: plain(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [plain(item) for item in tree]
    return tree.value


def mapping(tree: Tree) -> dict[str, Tree] | None:
    """Return a tree as a mapping, an empty one too; ``None`` where it is something else."""
    if isinstance(tree, dict):
        return tree
    return {} if isinstance(tree, Leaf) and tree.value == {} and isinstance(tree.value, dict) else None


def merge(base: Mapping[str, Tree], top: Mapping[str, Tree]) -> dict[str, Tree]:
    """Merge as Helm and Flux do: mappings into mappings, everything else replaces.

    What is not merged is shared with ``base`` and ``top``, as it is there: :mod:`image_matrix.profiles.strvals`
    changes trees in place, so that it depends on this who wins (fluxcd/pkg, chartutil/merge.go).
    """
    made = dict(base)
    for key, item in top.items():
        old, new = mapping(made.get(key)), mapping(item)
        made[key] = item if old is None or new is None else merge(old, new) or item
    return made


def leaves(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the path of everything in a tree and who said it; a list or entry of one source is one thing."""
    if isinstance(tree, Leaf):
        yield path, tree.source
        return
    items = list(tree.items() if isinstance(tree, dict) else enumerate(tree))
    inner = [leaf for step, item in items for leaf in leaves(item, (*path, step))]
    sources = {source for _, source in inner}
    is_whole = isinstance(tree, list) or (path and isinstance(path[-1], int))
    if is_whole and len(sources) == 1:
        yield path, sources.pop()
    else:
        yield from inner


def shown(path: Path) -> str:
    """Return a path as a user writes it: ``a.b[0].c``, with a backslash before the dots of a name."""
    parts = (f"[{step}]" if isinstance(step, int) else "." + step.replace(".", "\\.") for step in path)
    return "".join(parts).removeprefix(".")
