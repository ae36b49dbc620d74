"""Values as Flux composes them: references in their order, ``spec.values`` over them, ``targetPath`` where it is set.

Source: fluxcd/pkg, chartutil/values.go (ChartValuesFromReferences); helm-controller 1.6. Before a ``targetPath`` is
set, ``spec.values`` are merged in, and once more at the end. So the path usually wins over ``spec.values``, but not
where both and an earlier reference have it: the same order of steps here gives the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.labelled import labelled, leaves, mapping, merge, plain
from image_matrix.profiles.strvals import assign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.profiles.labelled import Path, Tree


@dataclass(frozen=True, slots=True)
class Source:
    """One source of values: a mapping, or with ``sets`` what a ``targetPath`` sets where."""

    name: str
    values: Mapping[str, Any] | None = None
    sets: tuple[tuple[Path, Any], ...] = ()
    place: Path = ()
    """Where the HelmRelease names it."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The values, and for every path in them the sources that set it, the winner last."""

    values: Mapping[str, Any]
    setters: Mapping[Path, tuple[str, ...]]


def compose(references: Iterable[Source], inline: Source) -> Composed:
    """Compose the references and ``spec.values``; raises :class:`ValueError` where a path cannot be set."""
    references = tuple(references)
    own = _tree(inline)
    result: dict[str, Tree] = {}
    for item in references:
        if item.values is not None:
            result = merge(result, _tree(item))
            continue
        result = merge(result, own)
        for path, value in item.sets:
            try:
                assign(result, path, value, item.name)
            except ValueError as error:
                raise ValueError(f"{item.name}: {error}") from error
    result = merge(result, own)
    said = [(item.name, path) for item in (*references, inline) for path in _paths(item)]
    setters = {path: _setters(path, winner, said) for path, winner in leaves(result) if path}
    return Composed(plain(result), setters)


def _tree(item: Source) -> dict[str, Tree]:
    return mapping(labelled(item.values or {}, item.name)) or {}


def _paths(item: Source) -> list[Path]:
    if item.values is None:
        return [path for path, _ in item.sets]
    return [path for path, _ in leaves(_tree(item)) if path]


def _setters(path: Path, winner: str, said: Iterable[tuple[str, Path]]) -> tuple[str, ...]:
    """Return who said something at, above or below a path, the winner last."""
    others = [name for name, other in said if name != winner and other[: len(path)] == path[: len(other)]]
    return (*dict.fromkeys(others), winner)
