"""Says problems of a matrix that an import would write at the places of what was given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.diagnostics.catalogue import HUB_VERSION
from image_matrix.importing.list_places import parts
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import yaml

    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Diagnostic, Path, Place, Target
    from image_matrix.importing.list_places import ListOrigin, ListPlaces


@dataclass(frozen=True, slots=True)
class ListedInputs:
    """What an import was given: the matrix as it is, and a profile list."""

    matrix: Document
    profiles: ListPlaces
    origins: Mapping[tuple[str, str], ListOrigin]
    """Section and name of a new entry to what it is from."""


def at_given_places(
    diagnostics: Iterable[Diagnostic], draft: Document, given: ListedInputs
) -> tuple[Diagnostic, ...]:
    """Return diagnostics of a draft that is not written, each at the place that its part is from."""
    paths = {_start(node): (path, node) for path, key, value in _parts(draft) for node in (key, value)}

    def moved(place: Place) -> Place:
        if place.file != draft.file or (place.line - 1, place.column - 1) not in paths:
            return place
        path, node = paths[place.line - 1, place.column - 1]
        return _given_place(path, "value" if node is draft.node(path) else "key", given) or place

    at_places = (
        replace(
            item, place=moved(item.place), related=tuple((moved(one), text) for one, text in item.related)
        )
        for item in diagnostics
    )
    return tuple(sorted(at_places, key=lambda item: item.place))


def for_one_site(diagnostics: Iterable[Diagnostic], file: str, hubs: Sequence[str]) -> tuple[Diagnostic, ...]:
    """Return diagnostics that have the option for a list of one site where only some hubs can start an image of it.

    ``hubs`` are the sites with a hub that a list without that option is for.
    """
    if len(hubs) < 2:
        return tuple(diagnostics)
    advice = f"add `--site NAME` to the command, with the hub that the list is of: {listed(hubs, 5)}"
    return tuple(
        replace(item, help=advice) if item.code == HUB_VERSION.code and item.place.file == file else item
        for item in diagnostics
    )


def _given_place(path: Path, target: Target, given: ListedInputs) -> Place | None:
    node = given.matrix.node(path, target)
    if node is not None:
        return given.matrix.place_of(node)
    origin = given.origins.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
    return given.profiles.place(origin, path[2:], target) if origin is not None else None


def _parts(document: Document) -> Iterable[tuple[Path, yaml.Node, yaml.Node]]:
    return parts(document.root) if document.root is not None else ()


def _start(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line, node.start_mark.column
