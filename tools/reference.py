"""The generated parts of docs/: tables of the schema's fields and the page of diagnostics.

``python -m tools.reference`` writes them; ``--check`` says which are out of date and exits 1.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.diagnostics import Rule

Node = dict[str, Any]
"""A JSON Schema."""

REPOSITORY = Path(__file__).parent.parent
MATRIX_PAGE = "docs/matrix.md"
DIAGNOSTICS_PAGE = "docs/diagnostics.md"
BEGIN = "<!-- generated from generator/matrix/schema.json by `make docs` -->"
WORDS = {"string": "text", "boolean": "true or false", "integer": "whole number", "null": "null"}
PROPER_NAMES = ("Python", "CRAN", "SHA")
PLURALS = {"Axis": "axes"}
EXAMPLE_WIDTH = 70
"""Characters of an example that a cell of a table still shows well."""


@dataclass(frozen=True, slots=True)
class Table:
    """An object of the schema at the first place where it stands."""

    path: str
    node: Node
    known: Mapping[str, str] = field(default_factory=dict)
    """Fields that are described already: name to the path of the table that does."""


def tables(schema: Node) -> Iterator[Table]:
    """Yield every object with named fields, outer before inner, each definition once."""
    seen: dict[str, str] = {}
    described: dict[tuple[str, str], str] = {}
    queue = [("", schema)]
    while queue:
        path, node = queue.pop(0)
        node, name = _resolved(schema, node)
        if name in seen:
            continue
        if name:
            seen[name] = path
        fields = node.get("properties", {})
        if fields:
            same = {key: described.get((key, json.dumps(value))) for key, value in fields.items()}
            yield Table(path, node, {key: place for key, place in same.items() if place})
            described |= {(key, json.dumps(value)): path for key, value in fields.items() if not same[key]}
            queue += [(f"{path}.{key}".lstrip("."), value) for key, value in fields.items() if not same[key]]
        queue += [(path + suffix, child) for suffix, child in _children(node)]


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield what a node holds beside named fields: values of a mapping, items of a list, alternatives."""
    values = node.get("additionalProperties")
    if isinstance(values, dict):
        yield ".NAME", values
    if isinstance(node.get("items"), dict):
        yield "[]", node["items"]
    for word in ("anyOf", "oneOf", "allOf"):
        for choice in node.get(word, ()):
            yield "", choice


def _resolved(schema: Node, node: Node) -> tuple[Node, str]:
    """Follow a reference; return the node, with what stands beside the reference on top, and its definition's name."""
    if "$ref" not in node:
        return node, ""
    name = node["$ref"].rpartition("/")[2]
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return {**schema["$defs"][name], **beside}, name


def kind(schema: Node, node: Node) -> str:
    """Say in words what a value is."""
    node, _ = _resolved(schema, node)
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    for word in ("anyOf", "oneOf"):
        if word in node:
            return " or ".join(dict.fromkeys(kind(schema, choice) for choice in node[word]))
    types = node.get("type", "any value")
    if isinstance(types, list):
        return " or ".join(kind(schema, {**node, "type": one}) for one in types)
    if types == "array":
        return f"list of {_plural_kind(schema, node.get('items', {}))}"
    if types == "object":
        values = node.get("additionalProperties")
        return f"mapping of name to {kind(schema, values)}" if isinstance(values, dict) else "mapping"
    return str(WORDS.get(types, types))


def _plural_kind(schema: Node, node: Node) -> str:
    inner, _ = _resolved(schema, node)
    word = kind(schema, node)
    if word == "text":
        title = str(inner.get("title", word))
        return PLURALS.get(
            title, f"{title if title.startswith(PROPER_NAMES) else title[0].lower() + title[1:]}s"
        )
    return word.replace("mapping", "mappings", 1)


def table(schema: Node, item: Table) -> str:
    """Return a table's heading and rows in Markdown."""
    required = item.node.get("required", ())
    rows = [
        f"| `{name}` | {_cell(kind(schema, node))} | {_default(node, required=name in required)} "
        f"| {_meaning(schema, node)} |"
        for name, node in item.node["properties"].items()
        if name not in item.known
    ]
    lines = [f"### `{item.path}`" if item.path else "### The file", ""]
    about = item.node.get("description")
    lines += [about, ""] if about else []
    if rows:
        lines += ["| field | value | default | meaning |", "| --- | --- | --- | --- |", *rows, ""]
    return "\n".join([*lines, *_as_elsewhere(item.known)])


def _as_elsewhere(known: Mapping[str, str]) -> list[str]:
    places = dict.fromkeys(known.values())
    sentences = []
    for place in places:
        names = ", ".join(f"`{name}`" for name, where in known.items() if where == place)
        sentences += [f"As in `{place}`: {names}.", ""]
    return sentences


def _default(node: Node, *, required: bool) -> str:
    if required:
        return "required"
    return f"`{json.dumps(node['default'], ensure_ascii=False)}`" if "default" in node else ""


def _meaning(schema: Node, node: Node) -> str:
    """Return the description, with an example where it is short."""
    inner, _ = _resolved(schema, node)
    text = _cell(str(inner.get("description", inner.get("title", ""))))
    for example in inner.get("examples", ())[:1]:
        shown = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
        if len(shown) <= EXAMPLE_WIDTH and "default" not in inner:
            text += f" Example: `{_cell(shown)}`"
    return text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def matrix_page(page: str, schema: Node) -> str:
    """Return docs/matrix.md with its tables, which are everything after the mark."""
    prose = page.partition(BEGIN)[0]
    order = {name: place for place, name in enumerate(schema["properties"])}
    found = sorted(tables(schema), key=lambda item: order.get(item.path.partition(".")[0], -1))
    return prose + "\n".join([BEGIN, "", *(table(schema, item) for item in found)]).rstrip() + "\n"


def groups(text: str) -> dict[str, str]:
    """Return the groups of codes that the catalogue's docstring names: ``IM0`` to ``the file as YAML``."""
    flat = " ".join(text.split())
    return {f"IM{digit}": title.strip() for digit, title in re.findall(r"IM(\d)xx: ([^;.]+)", flat)}


def diagnostics_page(rules: Iterable[Rule], titles: Mapping[str, str]) -> str:
    """Return docs/diagnostics.md."""
    lines = [
        "# Diagnostics",
        "",
        "Every message that is about a file has a code. `image-matrix explain CODE` prints what stands here. Codes are",
        "stable; a code is never used again for something else. This page is generated from",
        "`generator/diagnostics/catalogue.py` by `make docs`.",
        "",
    ]
    last = ""
    for rule in rules:
        if rule.code[:3] != last:
            last = rule.code[:3]
            lines += [f"## {last}xx: {titles.get(last, 'others')}", ""]
        lines += _rule(rule)
    return "\n".join(lines).rstrip() + "\n"


def _rule(rule: Rule) -> list[str]:
    lines = [f"### {rule.code} {rule.name}", ""]
    said = re.sub(r"\{\w+\}", "…", rule.message)
    lines += [f"{rule.severity.capitalize()}{'' if said == '…' else f': {said}'}.", "", rule.about, ""]
    for title, text in (("Wrong", rule.bad), ("Right", rule.good)):
        if text:
            lines += [f"{title}:", "", "```yaml", text.rstrip(), "```", ""]
    return lines


def pages(root: Path) -> dict[str, str]:
    """Return the generated pages of a checkout, by path."""
    from generator.diagnostics import catalogue

    schema = json.loads((root / "generator/matrix/schema.json").read_text(encoding="utf-8"))
    return {
        MATRIX_PAGE: matrix_page((root / MATRIX_PAGE).read_text(encoding="utf-8"), schema),
        DIAGNOSTICS_PAGE: diagnostics_page(catalogue.RULES.values(), groups(catalogue.__doc__ or "")),
    }


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` say which are out of date."""
    stale = [
        (REPOSITORY / path, text)
        for path, text in pages(REPOSITORY).items()
        if not (REPOSITORY / path).is_file() or (REPOSITORY / path).read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(REPOSITORY)} is out of date: run `make docs`", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(REPOSITORY)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
