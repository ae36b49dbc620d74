"""Keeps a parsed YAML file with the place of each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.config.from_lists import in_entry
from image_matrix.diagnostics import Place
from image_matrix.json_data import at_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.from_lists import SharedEntry
    from image_matrix.diagnostics import Path, Target

INSTALLERS = ("apt", "conda", "pip", "cran", "npm", "extensions")
"""Fields that take a list, or ``packages`` beside settings."""
FILES = "files"
"""Field of an installer with the names of files that list packages."""
OF_FILES = "of files"
"""Where a value has the entries of these files; it is no field of a matrix."""
MERGE = "tag:yaml.org,2002:merge"
"""Tag of the key ``<<`` (yaml.org/type/merge.html)."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its value, and the place of each part."""

    file: str
    value: Any
    root: yaml.Node | None = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)

    def node(self, path: Path, target: Target = "value") -> yaml.Node | None:
        """Return the node at ``path``, or ``None`` where this document has no such path."""
        node = self.root
        for depth, step in enumerate(path):
            pair = _child(node, step)
            if pair is None:
                return None
            node = pair[0] if target == "key" and depth == len(path) - 1 else pair[1]
        return node

    def written(self, path: Path) -> str:
        """Return the text of a scalar as the user wrote it; empty where this document has none."""
        node = self.node(path)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def place_of(self, node: yaml.Node) -> Place:
        """Return the place of a node."""
        start, end = node.start_mark, node.end_mark
        line = self.lines[start.line] if start.line < len(self.lines) else ""
        stop = end.column if end.line == start.line else len(line)
        return Place(self.file, start.line + 1, start.column + 1, max(1, stop - start.column), line)


@dataclass(frozen=True, slots=True)
class Documents:
    """A matrix, what it includes and its overlays as one value.

    A path belongs to the last overlay that says something about it, else to the file of the matrix that does.
    """

    value: Any
    parts: tuple[Document, ...]
    """The matrix, the files that it includes, and its overlays."""
    project_files: int = 1
    """How many of them are the matrix: its file, and those that it includes."""
    base: Any = None
    """The value without overlays."""
    listed: Mapping[Path, Place] = field(default_factory=dict)
    """Path of an entry of a file that an installer names to its place."""
    entries: Mapping[str, SharedEntry] = field(default_factory=dict)
    """Name of an image to its entry, if that stands for several."""

    @property
    def overlays(self) -> tuple[Document, ...]:
        """The files that change the matrix."""
        return self.parts[self.project_files :]

    @property
    def _by_precedence(self) -> tuple[Document, ...]:
        """The files, the one that wins first; of the matrix' own only one says something about a name."""
        return (*reversed(self.overlays), *self.parts[: self.project_files])

    def place(self, path: Path, target: Target = "value") -> Place:
        """Return the place of the key or value at ``path``, or of its nearest ancestor that exists."""
        path = self.as_declared(path)
        if path in self.listed:
            return self.listed[path]
        path = path if self.has(path) else self._by_position(path)
        for length in range(len(path), -1, -1):
            aim: Target = target if length == len(path) else "key"
            for part in self._by_precedence:
                node = part.node(path[:length], aim)
                if isinstance(node, yaml.MappingNode) and not node.flow_style:
                    node = part.node(path[:length], "key")  # a block has no line of its own
                elif isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index:
                    node = part.node(path[:length], "key")  # nor has nothing anything to point at
                if node is not None:
                    return part.place_of(node)
        return Place(self.parts[0].file if self.parts else "matrix.yaml", 1, 1)

    def as_declared(self, path: Path) -> Path:
        """Return where a field is written.

        That may be under ``defaults``, below ``packages`` of an installer, or in an entry for several images.
        """
        path = in_entry(path, self.entries)
        shared = ("defaults", *path[:1], *path[2:3])
        if (
            path[:1] in (("profiles",), ("sites",))
            and len(path) > 2
            and not self.has(path[:3])
            and self.has(shared)
        ):
            path = (*shared, *path[3:])
        for at, step in enumerate(path[:-1], start=1):
            if step in INSTALLERS and path[at] not in self._keys(path[:at]):
                if self.listed and (declared := self._in_files(path[:at], path[at])):
                    return declared
                if self._has_packages(path[:at]):
                    return (*path[:at], "packages", *path[at:])
        return path

    def _in_files(self, path: Path, entry: str | int) -> Path | None:
        """Return where an entry is that a file of an installer lists; those of files are behind the packages."""
        given = at_path(self.value, path)
        if not isinstance(given, dict) or OF_FILES not in given:
            return None
        packages = given.get("packages") or []
        if isinstance(entry, int):
            return (*path, OF_FILES, entry - len(packages)) if entry >= len(packages) else None
        entries = given[OF_FILES]
        return (*path, OF_FILES, entries.index(entry)) if entry in entries else None

    def _has_packages(self, path: Path) -> bool:
        return self.has((*path, "packages"))

    def _keys(self, path: Path) -> set[object]:
        nodes = [part.node(path) for part in self.parts]
        return {key.value for node in nodes if isinstance(node, yaml.MappingNode) for key, _ in node.value}

    def has(self, path: Path) -> bool:
        """Say whether any file says something at ``path``."""
        path = in_entry(path, self.entries)
        return any(part.node(path) is not None for part in self.parts)

    def position(self, path: Path) -> Path:
        """Return ``path`` with a list entry given by its text replaced by its position in the list.

        Without such an entry, return the path above.
        """
        path = self.as_declared(path)
        if not path or path in self.listed or self.has(path):
            return path
        by_position = self._by_position(path)
        return path[:-1] if by_position == path else by_position

    def _by_position(self, path: Path) -> Path:
        current = at_path(self.value, path[:-1])
        entries = current if isinstance(current, list) else []
        return (*path[:-1], entries.index(path[-1])) if path and path[-1] in entries else path

    def written(self, path: Path) -> str:
        """Return the text of a scalar as the user wrote it (``3.10``, where the value is 3.1)."""
        path = in_entry(path, self.entries)
        return next((text for part in self._by_precedence if (text := part.written(path))), "")


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.ScalarNode) and step == 0:
        return node, node  # one value where a list may stand
    if not isinstance(node, yaml.MappingNode):
        return None
    if isinstance(step, int):
        key = node.value[step][0] if step < len(node.value) else None
        return (key, key) if key else None  # the values of an axis with their data
    merged = None
    for key, value in node.value:
        if key.value == step:
            return key, value
        if key.tag == MERGE:
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                merged = merged or _child(source, step)
    return merged
