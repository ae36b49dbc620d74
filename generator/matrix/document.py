"""YAML text to plain values, with the line and column of every one of them.

The composer is libyaml's through PyYAML: one pass gives the nodes with their marks for a sixth of what a round trip
costs (tools that edit the file use ruamel.yaml's round trip). Scalars follow YAML 1.2's core schema, so ``no`` and
``on`` are strings; a key is always the text that was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from generator.diagnostics import Place, diagnostic
from generator.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic, Path, Target

MAX_BYTES = 16_000_000
MAX_DEPTH = 100
MAX_VALUES = 1_000_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"
_CORE_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge")
}
# PyYAML resolves YAML 1.1's implicit tags; these two stand for text here
_PLAIN_TAGS = _CORE_TAGS | {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its value, and where each part of it stands."""

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

    def place_of(self, node: yaml.Node) -> Place:
        """Return the place of a node."""
        start, end = node.start_mark, node.end_mark
        line = self.lines[start.line] if start.line < len(self.lines) else ""
        stop = end.column if end.line == start.line else len(line)
        return Place(self.file, start.line + 1, start.column + 1, max(1, stop - start.column), line)


@dataclass(frozen=True, slots=True)
class Documents:
    """A matrix and its overlays as one value; a path belongs to the last file that says something about it."""

    value: Any
    parts: tuple[Document, ...]

    def place(self, path: Path, target: Target = "value") -> Place:
        """Return the place of the key or value at ``path``, or of its nearest ancestor that exists."""
        for length in range(len(path), -1, -1):
            aim: Target = target if length == len(path) else "key"
            for part in reversed(self.parts):
                node = part.node(path[:length], aim)
                if node is not None:
                    return part.place_of(node)
        return Place(self.parts[0].file if self.parts else "matrix.yaml", 1, 1)

    def has(self, path: Path) -> bool:
        """Say whether any file says something at ``path``."""
        return any(part.node(path) is not None for part in self.parts)

    def position(self, path: Path) -> Path:
        """Return ``path`` with a list entry given by its text replaced by its position in the list."""
        if not path or self.has(path):
            return path
        here: Any = self.value
        for step in path[:-1]:
            here = here[step]
        return (
            (*path[:-1], here.index(path[-1])) if isinstance(here, list) and path[-1] in here else path[:-1]
        )

    def written(self, path: Path) -> str:
        """Return the text of a scalar as the user wrote it (``3.10``, where the value is 3.1)."""
        for part in reversed(self.parts):
            node = part.node(path)
            if isinstance(node, yaml.ScalarNode):
                return str(node.value)
        return ""


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if not isinstance(node, yaml.MappingNode):
        return None
    merged = None
    for key, value in node.value:
        if key.value == step:
            return key, value
        if key.tag == _MERGE:
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                merged = merged or _child(source, step)
    return merged


def parse(text: str, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """Parse one file; the document is ``None`` where nothing sensible can be said beyond the diagnostics."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = tuple(text.split("\n"))
    refused = _refuse(text, file)
    if refused:
        return None, [refused]
    try:
        root = _LOADER(text).get_single_node()
        builder = _Builder(Document(file, None, root, lines), [])
        expanded = _expanded(root)
    except yaml.YAMLError as error:
        return None, [_syntax(error, file, lines)]
    if expanded > MAX_VALUES:
        problem = f"its aliases expand to more than {MAX_VALUES:,} values"
        advice = "use fewer aliases of aliases"
        return None, [diagnostic(rules.TOO_LARGE, Place(file, 1, 1), problem=problem, advice=advice)]
    value = builder.value(root) if root is not None else None
    return Document(file, value, root, lines), builder.found


def _refuse(text: str, file: str) -> Diagnostic | None:
    """Refuse what would cost too much, before the recursive composer sees it."""
    if len(text) > MAX_BYTES:
        problem, advice = f"{len(text) / 1e6:.0f} MB, at most 16", "split the family into several matrices"
        return diagnostic(rules.TOO_LARGE, Place(file, 1, 1), problem=problem, advice=advice)
    depth = max(_flow_depth(text), _block_depth(text))
    if depth > MAX_DEPTH:
        problem, advice = f"nested more than {MAX_DEPTH} levels deep", "no field is nested deeper than 8"
        return diagnostic(rules.TOO_LARGE, Place(file, 1, 1), problem=problem, advice=advice)
    return None


def _flow_depth(text: str) -> int:
    depth = deepest = 0
    for match in re.finditer(r"[\[{]|[\]}]", text):
        depth = depth + 1 if match.group() in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _block_depth(text: str) -> int:
    return max((len(prefix) for prefix in re.findall(r"^[ ?:-]{2,}", text, re.MULTILINE)), default=0) // 2


def _expanded(root: yaml.Node | None) -> int:
    """Count the values as if every alias were written out; shared nodes are counted once and multiplied."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) not in sizes:
            sizes[id(node)] = MAX_VALUES  # an alias to its own ancestor is infinite
            children = (
                child for pair in node.value for child in (pair if isinstance(pair, tuple) else (pair,))
            )
            sizes[id(node)] = 1 + sum(size(child) for child in children)
        return sizes[id(node)]

    return size(root) if root is not None else 0


@dataclass(frozen=True, slots=True)
class _Builder:
    """Turns nodes into values and collects what is wrong with them on the way."""

    document: Document
    found: list[Diagnostic]
    done: dict[int, Any] = field(default_factory=dict)

    def value(self, node: yaml.Node) -> Any:  # noqa: ANN401 - a YAML value is anything
        if id(node) not in self.done:
            self.done[id(node)] = self._make(node)
        return self.done[id(node)]

    def _make(self, node: yaml.Node) -> Any:  # noqa: ANN401
        if node.tag not in _PLAIN_TAGS:
            place = self.document.place_of(node)
            self.found.append(
                diagnostic(rules.FOREIGN_TAG, place, tag=node.tag.replace("tag:yaml.org,2002:", "!!"))
            )
        if isinstance(node, yaml.ScalarNode):
            return scalar(node.value, plain=not node.style)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child) for child in node.value]
        return self._mapping(node)

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first: dict[str, yaml.Node] = {}
        for key, child in node.value:
            if key.tag == _MERGE:
                self._merge(child, merged)
            elif not isinstance(key, yaml.ScalarNode):
                self._problem(key, "a key must be plain text", "quote a key that starts with `{` or `[`")
            elif key.value in first:
                self._duplicate(key, first[key.value])
            else:
                first[key.value] = key
                own[key.value] = self.value(child)
        return {**merged, **own} if merged else own

    def _merge(self, node: yaml.Node, into: dict[str, Any]) -> None:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(source)
            if isinstance(value, dict):
                into.update({key: item for key, item in value.items() if key not in into})
            else:
                self._problem(source, "`<<` merges mappings only", "point the alias at a mapping")

    def _duplicate(self, key: yaml.Node, first: yaml.Node) -> None:
        made = diagnostic(rules.DUPLICATE_KEY, self.document.place_of(key), key=key.value)
        related = ((self.document.place_of(first), "first defined here"),)
        self.found.append(replace(made, related=related))

    def _problem(self, node: yaml.Node, problem: str, advice: str) -> None:
        place = self.document.place_of(node)
        self.found.append(diagnostic(rules.YAML_SYNTAX, place, problem=problem, advice=advice))


def scalar(text: str, *, plain: bool) -> str | int | float | bool | None:
    """Resolve a scalar by YAML 1.2's core schema (yaml.org/spec/1.2.2, 10.3.2); quoted ones are text."""
    if not plain:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _syntax(error: yaml.YAMLError, file: str, lines: tuple[str, ...]) -> Diagnostic:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not valid YAML"
    context = getattr(error, "context", None)
    number = min(mark.line, len(lines) - 1) if mark else _line_of_offset(error, lines)
    source = lines[number] if lines else ""
    column = min(mark.column, len(source)) if mark else 0
    place = Place(file, number + 1, column + 1, 1, source)
    sentence = f"{problem} {context}" if context and context not in str(problem) else str(problem)
    return diagnostic(
        rules.YAML_SYNTAX, place, problem=f"not valid YAML: {sentence}", advice=_advice(sentence, source)
    )


def _line_of_offset(error: yaml.YAMLError, lines: tuple[str, ...]) -> int:
    position = getattr(error, "position", 0) or 0
    return min("\n".join(lines)[:position].count("\n"), max(0, len(lines) - 1))


def _advice(problem: str, source: str) -> str:
    """Say what to write for the mistakes that people make."""
    text = source.strip()
    if source[: len(source) - len(source.lstrip())].count("\t"):
        return "indent with spaces; YAML does not allow tabs"
    if "{{" in text or "}}" in text:
        return "quote a value that holds `{{`"
    if re.search(r"(^|[:\-\s])[@`%]", text) and "cannot start" in problem:
        return "quote a value that starts with `@`, `` ` `` or `%`"
    if "mapping values are not allowed" in problem:
        return "quote a value that holds `: `, or put the key on a line of its own with the right indentation"
    if "expected ',' or" in problem or "flow" in problem:
        return "close the bracket, or separate the entries with commas"
    if "undefined alias" in problem:
        return "define the anchor with `&name` before it is used with `*name`"
    if "another document" in problem or "single document" in problem:
        return "keep one document a file: remove the `---` line"
    if "scanning a quoted scalar" in problem:
        return "close the quote"
    return "compare the indentation and punctuation with the lines around it"
