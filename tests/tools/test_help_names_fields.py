"""Fields that the program names in what it says are fields of the matrix: help that is obeyed must work."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.config.schema import schema_text
from image_matrix.diagnostics.catalogue import RULES
from tests.tools.test_help_without_pages import PACKAGE, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: dict[str, Any] = json.loads(schema_text())
FORMER = {"build", "mirrors", "netrc", "ca_bundle", "platforms", "labels", "resources", "site"}
"""Sections and fields that stood at the top once: named there again, they would mislead."""
FRAGMENT = re.compile(r"`([^`]+)`")
SECTIONS = {*SCHEMA["properties"], *FORMER} - {"version", "registry", "images"}
WORDS = "synonyms.py"
"""The one module whose business the former words are."""


def alternatives(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    node = {**SCHEMA["$defs"].get(node.get("$ref", "").rpartition("/")[2], {}), **node}
    yield node
    for word in ("anyOf", "oneOf", "allOf"):
        for part in node.get(word, ()):
            yield from alternatives(part)


def below(node: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The sub-schema of a key, or ``None`` where it is no field and no name."""
    for one in alternatives(node):
        if key in one.get("properties", {}):
            found: dict[str, Any] = one["properties"][key]
            return found
        if isinstance(one.get("additionalProperties"), dict):
            names: dict[str, Any] = one["additionalProperties"]
            return names
    return None


def paths(fragment: str) -> Iterator[tuple[str, ...]]:
    """Fields that a fragment between backticks names: ``a.b.c``, or YAML that starts with a section."""
    if re.fullmatch(r"[a-z_]+(\.[a-zA-Z_]+)+", fragment):
        yield tuple(fragment.split("."))
        return
    try:
        value = yaml.safe_load(fragment) if re.match(r"[a-z_]+: ?\{", fragment) else None
    except yaml.YAMLError:
        return
    yield from keys(value, ())


def keys(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, item in value.items() if isinstance(value, dict) else ():
        yield (*path, str(key))
        yield from keys(item, (*path, str(key)))


def unknown(text: str) -> list[str]:
    found = []
    for fragment in FRAGMENT.findall(text):
        for path in paths(fragment):
            node: dict[str, Any] | None = SCHEMA
            for key in path if path[0] in SECTIONS else ():
                node = below(node, key) if node is not None else None
            if node is None:
                found.append(".".join(path))
    return found


def test_the_program_names_no_field_that_is_not_there() -> None:
    modules = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != WORDS]
    assert modules
    for path in modules:
        assert [name for text in texts(path) for name in unknown(text)] == [], path


def test_nor_do_the_rules() -> None:
    assert [
        name for rule in RULES.values() for name in unknown(f"{rule.words.help} {rule.words.about}")
    ] == []


def test_what_is_seen() -> None:
    assert unknown("write `network: {mirrors: {registries: {docker.io: MIRROR}}}` or `network.netrc`") == []
    assert unknown("write `mirrors: {frontend: builtin}`") == ["mirrors", "mirrors.frontend"]
    assert unknown("see `build.runners` and `workflow.runers`") == ["build.runners", "workflow.runers"]
    assert unknown("see `image-matrix list`, `python3.13` and `os.path`") == []
