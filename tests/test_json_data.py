"""What is at a path of plain data, and that what others nest too deeply is as bad as what is no JSON."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import image_matrix
from image_matrix.json_data import Json, at_path

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


def test_who_answers_bad_json_answers_deep_json_too() -> None:
    """Python's parser raises RecursionError for it, which is no ValueError."""
    package = Path(image_matrix.__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    modules = {path: ast.parse(text) for path, text in texts.items() if "json.loads" in text}
    guarded = [
        (f"{path.relative_to(package)}:{block.lineno}", caught(block))
        for path, module in modules.items()
        for block in ast.walk(module)
        if isinstance(block, ast.Try) and reads_json(block)
    ]
    assert len(guarded) > 20
    assert [place for place, names in guarded if "RecursionError" not in names] == []


def reads_json(block: ast.Try) -> bool:
    nodes = (node for line in block.body for node in ast.walk(line))
    return any(isinstance(node, ast.Call) and ast.unparse(node.func) == "json.loads" for node in nodes)


def caught(block: ast.Try) -> set[str]:
    return {
        node.id
        for handler in block.handlers
        if handler.type
        for node in ast.walk(handler.type)
        if isinstance(node, ast.Name)
    }
