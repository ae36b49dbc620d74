"""Joins included files with the matrix: they add names to its sections, and do not change anything."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.diagnostics import Diagnostic, Place, diagnostic, human
from image_matrix.diagnostics import catalogue as rules
from image_matrix.text import type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Path

FIELD = "include"
_NAMES = "write what the file adds, such as `images: {NAME: {from: NAME}}`"


@dataclass(frozen=True, slots=True)
class Pattern:
    """An entry of ``include``, and where it stands."""

    text: str
    place: Place


def patterns(document: Document) -> list[Pattern]:
    """Return the texts under ``include``; what else stands there is an error of the shape."""
    listed = document.node((FIELD,))
    entries = listed.value if isinstance(listed, yaml.SequenceNode) else ()
    return [
        Pattern(entry.value, document.place_of(entry))
        for entry in entries
        if isinstance(entry, yaml.ScalarNode)
    ]


def below(file: str, pattern: str) -> str:
    """Return a pattern, relative to the folder of ``file``, as one that is relative to the project."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), pattern))


def matching(pattern: str, names: Callable[[str], Sequence[str]]) -> list[str]:
    """Return the paths that fit a pattern, sorted; one without ``*`` or ``?`` fits itself, be it there or not.

    ``names`` lists a folder. ``*`` does not go into folders, and does not fit the dot that hidden names start with.
    """
    if not _is_pattern(pattern):
        return [pattern]
    paths = [""]
    for step in pattern.split("/"):
        paths = [posixpath.join(path, name) for path in paths for name in names(path) if _fits(name, step)]
    return sorted(paths)


def _is_pattern(text: str) -> bool:
    return any(char in text for char in "*?[")


def _fits(name: str, step: str) -> bool:
    return fnmatchcase(name, step) and (step.startswith(".") or not name.startswith("."))


def joined(parts: Sequence[Document]) -> tuple[Any, list[Diagnostic]]:
    """Return the matrix with what its included files add, and everything that two of the files say.

    Sections merge name by name, the names of the matrix first, then those of the files in their order. What is no
    section stands in one file.
    """
    value, owners, faults = parts[0].value, {}, list[Diagnostic]()
    if isinstance(value, dict):
        owners = dict.fromkeys(_declared(value), parts[0])
    for part in parts[1:]:
        if not isinstance(part.value, dict):
            faults.append(_no_mapping(part))
        elif isinstance(value, dict):
            added = {key: item for key, item in part.value.items() if key != FIELD}
            faults += [_twice(part, owners[path], path) for path in _declared(added) if path in owners]
            faults += _mixed(part, added, value, owners)
            value = _added(value, added)
            owners = {**dict.fromkeys(_declared(added), part), **owners}
    return value, faults


def _declared(value: dict[str, Any]) -> list[Path]:
    """Return the path of every name in a section, and of every field that is no section."""
    return [
        path
        for key, item in value.items()
        for path in ([(key, name) for name in item] if isinstance(item, dict) else [(key,)])
    ]


def _added(value: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return a matrix with the names of another one behind its own; what it has already stays."""
    result = dict(value)
    for key, item in more.items():
        before = result.setdefault(key, item)
        if before is item:
            continue
        if isinstance(before, dict) and isinstance(item, dict):
            result[key] = {**before, **{name: entry for name, entry in item.items() if name not in before}}
    return result


def _mixed(
    part: Document, added: dict[str, Any], value: dict[str, Any], owners: dict[Path, Document]
) -> Iterator[Diagnostic]:
    """Yield the sections that are a mapping in one file and none in the other."""
    for key, item in added.items():
        if key in value and isinstance(item, dict) != isinstance(value[key], dict):
            other = next(document for path, document in owners.items() if path[0] == key)
            yield _twice(part, other, (key,), "keep the one that is a mapping")


def _twice(part: Document, other: Document, path: Path, advice: str = "") -> Diagnostic:
    advice = advice or ("keep one of them" if len(path) > 1 else f"remove it here: {other.file} has it")
    finding = diagnostic(rules.DECLARED_TWICE, _place(part, path), where=human(path), advice=advice)
    return replace(finding, related=((_place(other, path), "declared here, too"),))


def _place(part: Document, path: Path) -> Place:
    node = part.node(path, "key")
    return part.place_of(node) if node is not None else Place(part.file, 1, 1)


def _no_mapping(part: Document) -> Diagnostic:
    if part.root is None or part.value is None:
        place = Place(part.file, 1, 1)
        return diagnostic(rules.YAML_SYNTAX, place, problem="the included file is empty", advice=_NAMES)
    actual = type_name(part.value)
    return diagnostic(
        rules.WRONG_TYPE,
        part.place_of(part.root),
        where="an included file",
        expected="a mapping",
        actual=actual,
        advice=_NAMES,
    )
