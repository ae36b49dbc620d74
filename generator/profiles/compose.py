"""Values as Flux composes them: every source in its order, ``spec.values`` on top, ``targetPath`` over everything.

Source: fluxcd/pkg, chartutil/values.go; helm-controller 1.6. Mappings merge, everything else replaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One source of values; ``path`` is set for a ``targetPath``."""

    name: str
    values: Any
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """The values, and for every leaf the sources that set it, the winner last."""

    values: Mapping[str, Any]
    setters: Mapping[Path, tuple[str, ...]]


def compose(sources: list[Source]) -> Composed:
    """Merge sources; those with a target path come last, whatever their place, and lists are leaves."""
    ordered = [item for item in sources if item.path is None] + [
        item for item in sources if item.path is not None
    ]
    values: dict[str, Any] = {}
    setters: dict[Path, tuple[str, ...]] = {}
    for item in ordered:
        tree = item.values if item.path is None else nested(item.path, item.values)
        values = merge(values, tree)
        for path in leaves(tree):
            above = {key for key in setters if key[: len(path)] == path or path[: len(key)] == key}
            earlier = [name for key in above for name in setters[key]]
            setters[path] = tuple(dict.fromkeys([*earlier, item.name]))
            for key in above - {path}:
                del setters[key]
    return Composed(values, setters)


def merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as Helm does."""
    made = dict(base)
    for key, value in top.items():
        old = made.get(key)
        made[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return made


def leaves(tree: Any, path: Path = ()) -> list[Path]:  # noqa: ANN401 - YAML values are anything
    """Return the path of every value that is no mapping, and of empty mappings."""
    if not isinstance(tree, dict) or not tree:
        return [path] if path else []
    return [leaf for key, value in tree.items() for leaf in leaves(value, (*path, str(key)))]


def nested(path: Path, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a mapping that has a value at a path."""
    made: Any = value
    for step in reversed(path):
        made = {step: made}
    return dict(made)


def target_path(text: str) -> Path:
    r"""Split a ``targetPath`` at its dots; ``\.`` is a dot of a name."""
    return tuple(part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", text))


def shown(path: Path) -> str:
    """Return a path as a user writes it."""
    return ".".join(part.replace(".", "\\.") for part in path)
