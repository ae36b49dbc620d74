"""Loads YAML text into plain values, reports mistakes in it, and refuses values that cost too much.

The composer is libyaml's through PyYAML: one pass gives the nodes with their marks for a sixth of what a round trip
through ruamel.yaml costs. Scalars follow YAML 1.2's core schema, so ``no`` and ``on`` are strings; a key is always the
text that was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import yaml
from yaml.composer import Composer

from image_matrix.config.document import MERGE, Document
from image_matrix.diagnostics import Place, diagnostic
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.json_data import Json

MAX_BYTES = 16_000_000
MAX_DEPTH = 100
MAX_VALUES = 1_000_000

_CORE_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge")
}


_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(Composer, _PARSER):  # type: ignore[misc, valid-type]
    """A composer that says where an alias stands, and guesses nothing from a plain text but the merge key.

    :func:`scalar` knows YAML 1.2's rules.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {"<": [(MERGE, re.compile("<<$"))]}

    def __init__(self, stream: str) -> None:
        _PARSER.__init__(self, stream)
        Composer.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose the next node; of an alias a copy of its anchor's, which shares everything that is in it."""
        event = self.peek_event() if self.check_event(yaml.AliasEvent) else None
        node = super().compose_node(parent, index)
        if event is None or node is None:
            return node
        alias = copy(node)
        alias.start_mark, alias.end_mark = event.start_mark, event.end_mark
        return alias


_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,4000}|0o[0-7]{1,3000}|0x[0-9a-fA-F]{1,3000}")
"""Python writes no more than 4300 digits (sys.int_info); a longer number is a float, with ``0o`` or ``0x`` a text."""
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


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


Scalars = Callable[..., Any]
"""Text and ``plain`` (whether it stands without quotes) to the value, as :func:`scalar` has it."""


def parse(text: str, file: str, scalars: Scalars = scalar) -> tuple[Document | None, list[Diagnostic]]:
    """Parse one file; the document is ``None`` where nothing sensible can be said beyond the diagnostics.

    ``scalars`` turns texts into values.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = tuple(text.split("\n"))
    if len(text) > MAX_BYTES:
        problem, advice = f"{len(text) / 1e6:.0f} MB, at most 16", "split the family into several matrices"
        return None, [diagnostic(rules.TOO_LARGE, Place(file, 1, 1), problem=problem, advice=advice)]
    try:
        deep = _too_deep(text)
        root = None if deep else _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        from image_matrix.config.yaml_syntax import syntax_error

        return None, [syntax_error(error, file, text, lines)]
    document = Document(file, None, root, lines)
    refused = _nested(deep, file, lines) if deep else _aliases(document) if "*" in text else None
    if refused:
        return None, [refused]
    builder = _Builder(document, scalars, [])
    return replace(document, value=builder.value(root) if root is not None else None), builder.diagnostics


def _too_deep(text: str) -> tuple[int, int] | None:
    """Return line and column, from 0, where nesting goes too deep, before the recursive composer sees it.

    Going through the events costs as much as composing, so a look at brackets and indentation decides who has to.
    """
    if _flow_depth(text) + _block_columns(text) <= MAX_DEPTH:
        return None
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH and event.start_mark is not None:
            return event.start_mark.line, event.start_mark.column
    return None


def _flow_depth(text: str) -> int:
    depth = deepest = 0
    for match in re.finditer(r"[\[{]|[\]}]", text):
        depth = depth + 1 if match.group() in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _block_columns(text: str) -> int:
    return max((len(prefix) for prefix in re.findall(r"^[ \t?:-]{2,}", text, re.MULTILINE)), default=0)


def _nested(mark: tuple[int, int], file: str, lines: tuple[str, ...]) -> Diagnostic:
    problem, advice = f"nested more than {MAX_DEPTH} levels deep", "no field is nested deeper than 8"
    place = Place(file, mark[0] + 1, mark[1] + 1, 1, lines[mark[0]])
    return diagnostic(rules.TOO_LARGE, place, problem=problem, advice=advice)


def _aliases(document: Document) -> Diagnostic | None:
    """Refuse aliases without end, counting values as if every alias were written out."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        content = id(node.value)  # which an alias shares with its anchor
        if content in open_nodes:
            raise _Refused(node, "an alias is inside its own anchor", "write the value instead of the alias")
        if content not in sizes:
            open_nodes.add(content)
            sizes[content] = 1 + sum(size(child) for child in _parts(node))
            open_nodes.discard(content)
        if sizes[content] > MAX_VALUES:
            problem = f"aliases expand to more than {MAX_VALUES:,} values"
            raise _Refused(node, problem, "use fewer aliases of aliases")
        return sizes[content]

    try:
        if document.root is not None:
            size(document.root)
    except _Refused as refused:
        place = document.place_of(refused.node)
        return diagnostic(rules.TOO_LARGE, place, problem=refused.problem, advice=refused.advice)
    return None


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, node: yaml.Node, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.node, self.problem, self.advice = node, problem, advice


def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
    for part in node.value:
        yield from part if isinstance(part, tuple) else (part,)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Turns nodes into values and collects what is wrong with them on the way."""

    document: Document
    scalars: Scalars
    diagnostics: list[Diagnostic]
    done: dict[int, Any] = field(default_factory=dict)

    def value(self, node: yaml.Node) -> Json:
        content = id(node) if isinstance(node, yaml.ScalarNode) else id(node.value)
        if content not in self.done:
            self.done[content] = self._make(node)
        return self.done[content]

    def _make(self, node: yaml.Node) -> Json:
        if node.tag not in _CORE_TAGS:
            place = self.document.place_of(node)
            self.diagnostics.append(
                diagnostic(rules.FOREIGN_TAG, place, tag=node.tag.replace("tag:yaml.org,2002:", "!!"))
            )
        if isinstance(node, yaml.ScalarNode):
            return self.scalars(node.value, plain=not node.style)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child) for child in node.value]
        return self._mapping(node)

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        declared: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first: dict[str, yaml.Node] = {}
        for key, child in node.value:
            if key.tag == MERGE:
                self._merge(child, merged)
            elif not isinstance(key, yaml.ScalarNode):
                self._problem(key, *_not_a_key(self.document.place_of(key).source))
            elif key.value in first:
                self._duplicate(key, first[key.value], node)
            else:
                first[key.value] = key
                declared[key.value] = self.value(child)
        return {**merged, **declared} if merged else declared

    def _merge(self, node: yaml.Node, into: dict[str, Any]) -> None:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(source)
            if isinstance(value, dict):
                into.update({key: item for key, item in value.items() if key not in into})
                continue
            inside = node.start_mark.index <= source.start_mark.index < node.end_mark.index
            advice = "write `<<: *NAME` with the anchor of a mapping; YAML cannot merge lists"
            self._problem(source if inside else node, "`<<` merges mappings only", advice)
            if not inside:
                return  # what is wrong is the alias, not each entry of its anchor

    def _duplicate(self, key: yaml.Node, first: yaml.Node, mapping: yaml.Node) -> None:
        advice = "keep one of them, or merge the two"
        keys = [pair[0] for pair in mapping.value]
        before, empty = mapping.value[keys.index(key) - 1]
        if isinstance(empty, yaml.ScalarNode) and not empty.value and not empty.style:
            advice = f"indent the lines below `{before.value}` further if they belong to it, else {advice}"
        duplicate = diagnostic(rules.DUPLICATE_KEY, self.document.place_of(key), key=key.value, advice=advice)
        related = ((self.document.place_of(first), "first defined here"),)
        self.diagnostics.append(replace(duplicate, related=related))

    def _problem(self, node: yaml.Node, problem: str, advice: str) -> None:
        place = self.document.place_of(node)
        self.diagnostics.append(diagnostic(rules.YAML_SYNTAX, place, problem=problem, advice=advice))


def _not_a_key(source: str) -> tuple[str, str]:
    if "{{" in source:
        return "an unquoted `{{` starts two mappings", 'quote a value that holds `{{`: "{{ … }}"'
    return "a key must be plain text", "quote a key that starts with `{` or `[`"
