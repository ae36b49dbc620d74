"""What the program says is enough by itself: users have the program, not the pages of its repository."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from image_matrix.diagnostics.catalogue import RULES
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = REPOSITORY / "generator/image_matrix"
WRITTEN = {"docs/images.md", "docs/catalog.html"}
"""Pages that are written into users' repositories."""
PAGE = re.compile(r"docs/[\w.-]+\.(?:md|html|json)")


def texts(path: Path) -> Iterator[str]:
    """Every text of a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in statements:
            yield node.value


def test_no_text_of_the_program_names_a_page() -> None:
    modules = sorted(PACKAGE.rglob("*.py"))
    assert modules
    for path in modules:
        pages = [page for text in texts(path) for page in PAGE.findall(text) if page not in WRITTEN]
        assert pages == [], path


def test_no_field_and_no_rule_does() -> None:
    assert PAGE.findall((PACKAGE / "config/schema.json").read_text(encoding="utf-8")) == []
    assert [
        page for rule in RULES.values() for page in PAGE.findall(rule.words.about + rule.words.help)
    ] == []


def test_a_text_is_seen_and_a_docstring_is_not(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text('"""docs/a.md"""\n\nX = f"see docs/b.md for {1}"\n\n\ndef f():\n    """docs/c.md"""\n')
    assert [page for text in texts(file) for page in PAGE.findall(text)] == ["docs/b.md"]
