"""The generated parts of docs/ are what the schema and the catalogue say today."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.diagnostics import catalogue
from tools.reference import (
    DIAGNOSTICS_PAGE,
    MATRIX_PAGE,
    README,
    REPOSITORY,
    diagnostics_page,
    groups,
    kind,
    matrix_page,
    pages,
    tables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = json.loads((REPOSITORY / "generator/image_matrix/config/schema.json").read_text(encoding="utf-8"))


def field_names(node: Any) -> Iterator[str]:
    """Every name under any ``properties``, wherever it stands."""
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for key, value in node.items():
            if key not in ("examples", "default"):
                yield from field_names(value)
    elif isinstance(node, list):
        for value in node:
            yield from field_names(value)


@pytest.mark.parametrize("path", [README, MATRIX_PAGE, DIAGNOSTICS_PAGE])
def test_a_page_is_up_to_date(path: str) -> None:
    assert (REPOSITORY / path).read_text(encoding="utf-8") == pages(REPOSITORY)[path], "run `make docs`"


def test_every_field_has_a_row() -> None:
    page = matrix_page("", SCHEMA)
    rows = set(re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE))
    assert set(field_names(SCHEMA)) == rows


def test_a_new_field_gets_a_row() -> None:
    schema = copy.deepcopy(SCHEMA)
    schema["$defs"]["image"]["properties"]["colour"] = {"type": "string", "description": "Of the | box."}
    assert "| `colour` | text |  | Of the \\| box. |" in matrix_page("", schema)


def test_prose_before_the_mark_stays() -> None:
    once = matrix_page("# Mine\n\n", SCHEMA)
    assert once.startswith("# Mine\n\n<!--")
    assert matrix_page(once, SCHEMA) == once


def test_an_object_is_described_once() -> None:
    paths = [item.path for item in tables(SCHEMA)]
    assert len(paths) == len(set(paths))
    assert paths[0] == ""


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"type": "string"}, "text"),
        ({"const": 1}, "`1`"),
        ({"enum": ["a", "b"]}, "`a` or `b`"),
        ({"type": ["integer", "string"]}, "whole number or text"),
        (
            {"type": "array", "items": {"type": "string", "title": "Python requirement"}},
            "list of Python requirements",
        ),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "mapping of name to true or false"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"$ref": "#/$defs/sha256"}, "text"),
    ],
)
def test_kinds_in_words(node: dict[str, Any], words: str) -> None:
    assert kind(SCHEMA, node) == words


def test_every_code_stands_under_its_group() -> None:
    titles = groups(catalogue.__doc__ or "")
    page = diagnostics_page(catalogue.RULES.values(), titles, catalogue.RETIRED)
    for code, rule in catalogue.RULES.items():
        assert code[:3] in titles, (
            "name the group in the docstring of generator/image_matrix/diagnostics/catalogue.py"
        )
        before = page.partition(f"### {code} {rule.name}\n")[0]
        assert re.findall(r"^## (IM\d)xx", before, flags=re.MULTILINE)[-1] == code[:3]
    assert all(f"\n- {code}: {reason}\n" in page for code, reason in catalogue.RETIRED.items())
