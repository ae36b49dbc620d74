"""What is at a path of plain data, and that what others nest too deeply is as bad as what is no JSON."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import image_matrix
from image_matrix.json_data import Json, NestingError, at_path, read_json

DATA = {"a": [{"b": "text"}, None], "0": "key"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), DATA),
        (("a", 0, "b"), "text"),
        (("0",), "key"),
        (("a", 1), None),
        (("a", 2), None),
        (("a", -1), None),
        (("a", "0"), None),
        (("a", 0, "b", "c"), None),
        (("x", "y"), None),
        ((0,), None),
    ],
)
def test_what_is_there_or_nothing(path: tuple[str | int, ...], value: Json) -> None:
    assert at_path(DATA, path) == value


@pytest.mark.parametrize("text", ["[" * 100_000, b'{"a":' * 100_000])
def test_what_is_nested_too_deeply_is_no_json(text: str | bytes) -> None:
    with pytest.raises(NestingError, match="nested too deeply") as raised:
        read_json(text)
    assert isinstance(raised.value, ValueError)


def test_who_answers_bad_json_answers_deep_json_too() -> None:
    """Python's parser raises RecursionError for it, which is no ValueError: `read_json` makes it one.

    What runs in containers has that function not, and answers both.
    """
    package = Path(image_matrix.__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    modules = {
        path: ast.parse(text) for path, text in texts.items() if re.search(r"json\.loads|read_json", text)
    }
    guarded = [
        (f"{path.relative_to(package)}:{block.lineno}", called, caught(block))
        for path, module in modules.items()
        for block in ast.walk(module)
        if isinstance(block, ast.Try)
        for called in readers(block)
    ]
    assert len(guarded) > 20
    assert [
        place for place, called, names in guarded if called == "json.loads" and "RecursionError" not in names
    ] == []


def readers(block: ast.Try) -> set[str]:
    """Which functions that read JSON a block calls."""
    nodes = (node for line in block.body for node in ast.walk(line))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)} & {
        "json.loads",
        "read_json",
    }


def caught(block: ast.Try) -> set[str]:
    return {
        node.id
        for handler in block.handlers
        if handler.type
        for node in ast.walk(handler.type)
        if isinstance(node, ast.Name)
    }
