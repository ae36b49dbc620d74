"""Composes values as Flux does: references in order, ``spec.values`` over them, ``targetPath`` at its path.

Source: fluxcd/pkg, chartutil/values.go (ChartValuesFromReferences); helm-controller 1.6. Flux merges ``spec.values``
before it sets a ``targetPath``, and again at the end. So the path usually wins over ``spec.values``, but not if an
earlier reference has it as well. This module takes the same steps in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.labelled import labelled, leaves, mapping, merge, plain
from image_matrix.profiles.strvals import assign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.profiles.labelled import Tree, ValuePath


@dataclass(frozen=True, slots=True)
class Source:
    """One source of values: a mapping, or in ``sets`` the paths and values that a ``targetPath`` sets."""

    name: str
    values: Mapping[str, Any] | None = None
    sets: tuple[tuple[ValuePath, Any], ...] = ()
    place: ValuePath = ()
    """The path of its reference in the HelmRelease."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The values, and for every path in them the sources that set it, the winner last."""

    values: Mapping[str, Any]
    setters: Mapping[ValuePath, tuple[str, ...]]


def compose(references: Iterable[Source], inline: Source) -> Composed:
    """Compose the references and ``spec.values``; raises :class:`ValueError` if a path cannot be set."""
    references = tuple(references)
    inline_tree = _tree(inline)
    result: dict[str, Tree] = {}
    for item in references:
        if item.values is not None:
            result = merge(result, _tree(item))
            continue
        result = merge(result, inline_tree)
        for path, value in item.sets:
            try:
                assign(result, path, value, item.name)
            except ValueError as error:
                raise ValueError(f"{item.name}: {error}") from error
    result = merge(result, inline_tree)
    statements = [(item.name, path) for item in (*references, inline) for path in _paths(item)]
    setters = {path: _setters(path, winner, statements) for path, winner in leaves(result) if path}
    return Composed(plain(result), setters)


def _tree(item: Source) -> dict[str, Tree]:
    return mapping(labelled(item.values or {}, item.name)) or {}


def _paths(item: Source) -> list[ValuePath]:
    if item.values is None:
        return [path for path, _ in item.sets]
    return [path for path, _ in leaves(_tree(item)) if path]


def _setters(path: ValuePath, winner: str, statements: Iterable[tuple[str, ValuePath]]) -> tuple[str, ...]:
    """Return the sources that set something at, above or below a path, the winner last."""
    others = [
        name for name, other in statements if name != winner and other[: len(path)] == path[: len(other)]
    ]
    return (*dict.fromkeys(others), winner)
