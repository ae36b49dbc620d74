"""Names in the package say what a value is, and no two classes have one name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = REPOSITORY / "generator/image_matrix"
BANNED = frozenset(
    {
        "anew", "beneath", "found", "heir", "heirs", "here", "made", "mend", "mended", "moves", "noticed", "own",
        "quotable", "said", "says", "settle", "strays", "takes", "there", "told", "trail", "understand", "wanted",
        "way", "ways",
    }
)  # fmt: skip
"""Words that do not say what a value is: ``matches``, ``stderr``, ``problem``, ``declared``, ``current`` do."""
ALLOWED = re.compile(r"(?i).*not_?found(_?error)?")
"""Names of errors in Python and its libraries, and our constants that are called the same."""


def declared_names(tree: ast.AST) -> Iterator[str]:
    """Yield the names of variables, arguments, attributes, functions and classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def banned_names(text: str) -> set[str]:
    """Return the names in a module that have a banned word."""
    return {
        name
        for name in declared_names(ast.parse(text))
        if BANNED & set(words(name)) and not ALLOWED.fullmatch(name)
    }


def words(name: str) -> list[str]:
    """Return the words of ``snake_case``, ``CamelCase`` and ``UPPER_CASE`` names, in lower case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def package_of(path: Path) -> str:
    """Return the package of a module, or the module's name if it is at the root."""
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def findings() -> dict[str, set[str]]:
    """Return the banned names of each package that has some."""
    names: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if banned := banned_names(path.read_text(encoding="utf-8")):
            names.setdefault(package_of(path), set()).update(banned)
    return names


@pytest.mark.parametrize(
    ("text", "banned"),
    [
        ("found = 1", {"found"}),
        ("def f(own_pip): pass", {"own_pip"}),
        ("class WantedFile: pass", {"WantedFile"}),
        ("a.told", {"told"}),
        ("f(said=1)", {"said"}),
        ("AXIS_NOT_HERE = 1", {"AXIS_NOT_HERE"}),
        ("async def made(): pass", {"made"}),
        ("owner = 1\nother = 2\nhigher = 3", set()),
        ("raise FileNotFoundError", set()),
        ("NOT_FOUND = 404", set()),
    ],
)
def test_which_names_are_banned(text: str, banned: set[str]) -> None:
    assert banned_names(text) == banned


def test_names_say_what_a_value_is() -> None:
    assert findings() == {}


def test_no_two_classes_have_one_name() -> None:
    count = Counter(
        node.name
        for path in SOURCE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, number in count.items() if number > 1} == set()
