"""Sets a text at a ``targetPath`` as ``helm --set`` does, with indices, escapes, lists in braces and commas.

Source: helm, pkg/strvals/parser.go; fluxcd/pkg, chartutil/values.go (ReplacePathValue, ReplacePathLiteralValue).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.labelled import Leaf, labelled, mapping

if TYPE_CHECKING:
    from image_matrix.json_data import Json
    from image_matrix.profiles.labelled import PathPart, Tree, ValuePath

MOST_INDEX = 65536
_PATH = re.compile(r"([a-zA-Z0-9_\-.\\/]|\[[0-9]{1,5}\])+")
"""The pattern of a ``targetPath`` in the schema of HelmRelease; its maximum length is 250 characters."""
_INTEGER = re.compile(r"[+-]?[0-9]+")
_WORDS = {"true": True, "false": False, "null": None, "0": 0}


def assignments(path: str, text: str, literal: bool) -> list[tuple[ValuePath, Any]]:
    """Return the paths and values that Flux sets for a ``targetPath`` and the text of its reference, usually one.

    Raises :class:`ValueError` if Flux fails.
    """
    if not _PATH.fullmatch(path) or len(path) > 250:
        raise ValueError("it is not a path such as `a.b[0].c`")
    if literal:
        return [(_path(f"{path}=", 0)[0], text)]
    quoted = text[:1] == text[-1:] and text[:1] in ("'", '"')
    line = f"{path}={text.strip(chr(39) + chr(34)) if quoted else text}"
    result: list[tuple[ValuePath, Any]] = []
    at = 0
    while at < len(line):
        steps, at = _path(line, at)
        value, at = _value(line, at, quoted)
        result.append((steps, value))
    return result


def _until(line: str, at: int, stops: str) -> tuple[str, str, int]:
    """Return the text up to one of the stops, that stop (empty at the end), and the position of the rest."""
    characters: list[str] = []
    while at < len(line):
        if line[at] in stops:
            return "".join(characters), line[at], at + 1
        at += line[at] == "\\"
        characters.append(line[at : at + 1])
        at += 1
    return "".join(characters), "", at


def _path(line: str, at: int) -> tuple[ValuePath, int]:
    steps: list[PathPart] = []
    stop = "."
    while stop != "=":
        if stop == "[":
            index, end, at = _until(line, at, "]")
            steps.append(_index(index, end))
            between, stop, at = _until(line, at, "[.=")
            if between or not stop:
                raise ValueError(f"`{between}` follows an index")
            continue
        name, stop, at = _until(line, at, "=[,.")
        if not name or stop in ("", ","):
            raise ValueError(f"the key `{name}` has no value (a comma in a text starts another key)")
        steps.append(name)
    return tuple(steps), at


def _index(text: str, end: str) -> int:
    if not end or not text.isdecimal() or int(text) > MOST_INDEX:
        raise ValueError(f"`{text}` is not an index from 0 to {MOST_INDEX}")
    return int(text)


def _value(line: str, at: int, quoted: bool) -> tuple[Any, int]:
    if line[at : at + 1] != "{":
        text, _, at = _until(line, at, ",")
        return _typed(text, quoted), at
    items, stop, at = [], ",", at + 1
    while stop == ",":
        text, stop, at = _until(line, at, ",}")
        items.append(_typed(text, quoted))
    if not stop:
        raise ValueError("a list in braces has no end")
    return items, at + (line[at : at + 1] == ",")


def _typed(text: str, quoted: bool) -> Json:
    if quoted:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text) and text[0] != "0" and -(2**63) <= int(text) < 2**63:
        return int(text)
    return text


def assign(data: dict[str, Tree], path: ValuePath, value: Json, source: str) -> None:
    """Set a value in a tree, in place; raises :class:`ValueError` if a part of the path is of another type."""
    name, rest = str(path[0]), path[1:]
    if not rest:
        data[name] = labelled(value, source)
    elif isinstance(rest[0], int):
        data[name] = _put(_items(data[name], name) if name in data else [], rest, value, source)
    else:
        inner = mapping(data[name]) if name in data else {}
        if inner is None:
            raise ValueError(f"`{name}` is not a mapping")
        assign(inner, rest, value, source)
        data[name] = inner


def _put(items: list[Tree], path: ValuePath, value: Json, source: str) -> list[Tree]:
    """Set a value in a list: in place if the list is long enough, else in a longer copy."""
    index, rest = int(path[0]), path[1:]
    old = items[index] if index < len(items) else None
    new: Tree
    if not rest:
        new = labelled(value, source)
    elif isinstance(rest[0], int):
        new = _put([] if _is_nothing(old) else _items(old, f"[{index}]"), rest, value, source)
    else:
        new = mapping(old)
        new = {} if new is None else new
        assign(new, rest, value, source)
    if index >= len(items):
        items = [*items, *(Leaf(None, source) for _ in range(index - len(items) + 1))]
    items[index] = new
    return items


def _is_nothing(tree: Tree) -> bool:
    return tree is None or (isinstance(tree, Leaf) and tree.value is None)


def _items(tree: Tree, name: str) -> list[Tree]:
    if isinstance(tree, list):
        return tree
    if isinstance(tree, Leaf) and tree.value == [] and isinstance(tree.value, list):
        return []
    raise ValueError(f"`{name}` is not a list")
