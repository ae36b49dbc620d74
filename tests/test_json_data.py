"""What is at a path of plain data, and that what others nest too deeply is as bad as what is no JSON."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import image_matrix
from image_matrix.json_data import Json, NestingError, at_path, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def test_a_number_that_python_does_not_read_is_a_value_error_alone() -> None:
    with pytest.raises(ValueError, match="4300 digits") as raised:
        read_json("1" * 5000)
    assert type(raised.value) is ValueError


@pytest.mark.parametrize("text", ["[" * 100_000, b'{"a":' * 100_000])
def test_what_is_nested_too_deeply_is_no_json(text: str | bytes) -> None:
    with pytest.raises(NestingError, match="nested too deeply") as raised:
        read_json(text)
    assert isinstance(raised.value, ValueError)


JSON_ERROR = {"JSONDecodeError", "NestingError", "ValueError"}
READS = {"json.load", "json.loads"}
NAMES = re.compile(r"json\.load|read_json|JSONDecodeError|NestingError")


def test_who_answers_bad_json_answers_deep_json_too() -> None:
    """Python's parser raises RecursionError for it, which is no ValueError: `read_json` makes it one.

    A number of more than 4300 digits is a plain ValueError, so nothing less answers all. What runs in containers has
    that function not, and answers both.
    """
    package = Path(image_matrix.__file__).parent
    texts = {
        str(path.relative_to(package)): path.read_text(encoding="utf-8") for path in package.rglob("*.py")
    }
    modules = {place: ast.parse(text) for place, text in texts.items() if NAMES.search(text)}
    found = {place: list(guards(module)) for place, module in modules.items()}
    assert {place for place, some in found.items() if any(map(answers_half, some))} == set()
    answered = [one for some in found.values() for one in some if one.names & JSON_ERROR]
    assert sum("read_json" in one.called for one in answered) > 20
    assert sum(bool(READS & one.called) for one in answered) > 2


@pytest.mark.parametrize(
    ("caught", "is_half"),
    [
        ("json.JSONDecodeError", True),
        ("JSONDecodeError", True),
        ("(OSError, json.JSONDecodeError)", True),
        ("NestingError", True),
        ("ValueError", False),
        ("(KeyError, ValueError)", False),
        ("(json.JSONDecodeError, NestingError)", True),
        ("(json.JSONDecodeError, NestingError, ValueError)", False),
        ("(KeyError, TypeError)", False),
    ],
)
def test_half_an_answer_is_seen(caught: str, is_half: bool) -> None:
    """Also where a function that the block calls reads the text."""
    for call in ("read_json(text)", "entries(text)"):
        for block in (
            f"try:\n    {call}\nexcept {caught}:\n    pass",
            f"with suppress({caught.strip('()')}):\n    {call}",
        ):
            assert [answers_half(one) for one in guards(ast.parse(block))] == [is_half]
    apart = "try:\n    read_json(text)\nexcept json.JSONDecodeError:\n    pass\nexcept {}:\n    pass"
    for last, is_half in (("NestingError", True), ("ValueError", False)):
        assert [answers_half(one) for one in guards(ast.parse(apart.format(last)))] == [is_half]


@pytest.mark.parametrize(
    ("caught", "is_half"),
    [
        ("ValueError", True),
        ("KeyError", True),
        ("(JSONDecodeError, RecursionError)", True),
        ("(ValueError, RecursionError)", False),
    ],
)
def test_the_parser_by_itself_needs_both_errors(caught: str, is_half: bool) -> None:
    for call in ("json.loads(text)", "json.load(stream)"):
        (one,) = guards(ast.parse(f"try:\n    {call}\nexcept {caught}:\n    pass"))
        assert answers_half(one) == is_half


@dataclass(frozen=True)
class Guard:
    """A block, what it calls, and which errors it does not let out."""

    called: set[str]
    names: set[str]


def answers_half(one: Guard) -> bool:
    kinds = one.names & JSON_ERROR
    some = bool(kinds) and "ValueError" not in kinds
    return some or (bool(READS & one.called) and "RecursionError" not in one.names)


def guards(module: ast.Module) -> Iterator[Guard]:
    for block in ast.walk(module):
        if isinstance(block, ast.Try):
            types = [handler.type for handler in block.handlers if handler.type]
        elif isinstance(block, ast.With):
            calls = (item.context_expr for item in block.items)
            types = [one for call in calls if isinstance(call, ast.Call) and "suppress" in ast.unparse(call.func)
                     for one in call.args]  # fmt: skip
        else:
            continue
        if types:
            yield Guard(called(block.body), {name for one in types for name in named(one)})


def called(body: list[ast.stmt]) -> set[str]:
    """Which functions a block calls."""
    nodes = (node for line in body for node in ast.walk(line))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}


def named(errors: ast.expr) -> set[str]:
    """Which errors an expression names, without their modules."""
    listed = errors.elts if isinstance(errors, ast.Tuple) else [errors]
    return {ast.unparse(one).rpartition(".")[2] for one in listed}
