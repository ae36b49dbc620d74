"""Finds the lines of a profile list that parts of imported profiles, sizes and sources are from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from image_matrix.config.document import MERGE
from image_matrix.diagnostics import Place
from image_matrix.importing.spawner_list import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.diagnostics import Path, Target

Part = tuple["Path", yaml.Node, yaml.Node]
"""A path below a node, its key (or the entry of a list), and its value."""
_NAMES = {
    "devices": "extra_resource_limits", "env": "environment", "groups": "allowed_groups",
    "images": "choices", "sizes": "choices",
}  # fmt: skip
"""What fields of a matrix are called in a list."""
_AMOUNTS = {"cpu": "cpu", "memory": "mem"}


@dataclass(frozen=True, slots=True)
class ListOrigin:
    """What an entry of a matrix is from."""

    entry: int
    """The position in the list."""
    hint: str = ""
    """The key of the choice, or the reference of the image."""
    is_image: bool = False


@dataclass(frozen=True, slots=True)
class ListPlaces:
    """The entries of a list with their places in a file, also of a list in a text of that file."""

    file: str
    lines: tuple[str, ...]
    entries: tuple[yaml.Node, ...]
    text: tuple[str, ...]
    """The lines that the marks of the entries count."""
    before: int
    """Lines of the file before them."""

    def place(self, origin: ListOrigin, path: Path, target: Target) -> Place:
        """Return the place that a path below a profile, size or source is most likely from: at least its entry."""
        if origin.entry >= len(self.entries):
            return Place(self.file, 1, 1)
        entry = self.entries[origin.entry]
        in_list = _as_in_list(path)
        rated = [(_likeness(part, in_list, origin), part) for part in parts(entry, step=_by_name_of_entry)]
        best, (_, key, value) = max(rated, key=lambda one: one[0])
        has_value = isinstance(value, yaml.ScalarNode) and best > (0, 0)
        return self._place(value if has_value and (target == "value" or origin.is_image) else key)

    def place_of(self, path: Path) -> Place:
        """Return the place of what stands at a path of the list, whose first step is the position of an entry."""
        position, *inside = map(str, path)
        entry = self.entries[int(position)]
        nodes = (key for at, key, _ in parts(entry) if [*map(str, at)] == inside)
        return self._place(next(nodes, entry))

    def _place(self, node: yaml.Node) -> Place:
        start, end = node.start_mark, node.end_mark
        number, inner = start.line + self.before, self.text[start.line]
        line = self.lines[number] if number < len(self.lines) else ""
        if inner not in line:  # of a text in quotes, or folded: it begins in the line above
            return Place(self.file, self.before, 1, 1, self.lines[self.before - 1])
        width = (end.column if end.line == start.line else len(inner)) - start.column
        return Place(self.file, number + 1, start.column + line.find(inner) + 1, max(1, width), line)


def list_places(file: str, text: str) -> ListPlaces:
    """Return the places of the only list in a file that :func:`spawner_list` has read."""
    for document in yaml.compose_all(text, yaml.SafeLoader):
        for entries, inner, before in _lists(document, text, 0):
            return ListPlaces(file, tuple(text.splitlines()), entries, tuple(inner.splitlines()), before)
    return ListPlaces(file, tuple(text.splitlines()), (), (), 0)


def _by_name_of_entry(position: int, entry: yaml.Node) -> str | int:
    """Return the name of an entry: an import makes mappings of lists of volumes and containers."""
    pairs = entry.value if isinstance(entry, yaml.MappingNode) else ()
    return next((str(value.value) for key, value in pairs if key.value == "name"), position)


def parts(
    node: yaml.Node, path: Path = (), step: Callable[[int, yaml.Node], str | int] | None = None
) -> Iterator[Part]:
    """Yield everything in a node, what contains others first; without ``step``, entries of lists by position."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = path if key.tag == MERGE else (*path, str(key.value))
            if key.tag != MERGE:
                yield place, key, value
            yield from parts(value, place, step)
    elif isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            place = (*path, step(at, item) if step else at)
            yield place, item, item
            yield from parts(item, place, step)


def _lists(node: yaml.Node, text: str, before: int) -> Iterator[tuple[tuple[yaml.Node, ...], str, int]]:
    """Yield the entries of lists, with the text that has them and the lines before it."""
    for path, _, value in ((("",), node, node), *parts(node)):
        if isinstance(value, yaml.SequenceNode) and path[-1] in ("", *KEYS) and _has_profiles(value):
            yield tuple(value.value), text, before
        elif isinstance(value, yaml.ScalarNode) and any(f"{key}:" in value.value for key in KEYS):
            for document in _composed(value.value):
                yield from _lists(document, value.value, before + value.start_mark.line + 1)


def _composed(text: str) -> list[yaml.Node]:
    """Return the documents of a text in a file; none if it is not YAML, as Python of a hub's `extraConfig`."""
    try:
        return list(yaml.compose_all(text, yaml.SafeLoader))
    except yaml.YAMLError:
        return []


def _has_profiles(node: yaml.SequenceNode) -> bool:
    names = [{path[0] for path, _, _ in parts(item) if len(path) == 1} for item in node.value]
    return bool(names) and all("display_name" in one for one in names)


def _as_in_list(path: Path) -> Path:
    """Return a path below a profile or size with the names of a list."""
    if len(path) > 1 and path[0] in _AMOUNTS:
        return (f"{_AMOUNTS[str(path[0])]}_{path[1]}", *path[2:])
    return tuple(_NAMES.get(str(step), step) for step in path)


def _likeness(part: Part, target: Path, origin: ListOrigin) -> tuple[int, int]:
    """Rate a part of an entry: by the steps at the end of both paths that are equal, then by all others."""
    path, _, value = part
    if origin.is_image:  # its source has no path in common with it
        return (1 if isinstance(value, yaml.ScalarNode) and value.value == origin.hint else 0, 0)
    same = 0
    while same < min(len(path), len(target)) and path[-1 - same] == target[-1 - same]:
        same += 1
    others = {*map(str, target), *([origin.hint] if origin.hint else [])}
    return same, len({str(step) for step in path} & others)
