"""How large the code is, and how much of it makes error texts."""

from __future__ import annotations

import ast
import re
import statistics
from typing import TYPE_CHECKING, TypeGuard

from bench.measure import REPOSITORY, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = REPOSITORY / "generator/image_matrix"
ERROR_TEXTS = (
    "build/failure.py",
    "config/foreign_words.py",
    "config/overlay_errors.py",
    "config/repairs.py",
    "config/schema.py",
    "config/shape_errors.py",
    "config/suggestions.py",
    "config/synonyms.py",
    "config/unknown_keys.py",
    "config/yaml_mistakes.py",
    "config/yaml_syntax.py",
    "config/yaml_text.py",
    "diagnostics/*.py",
    "diagnostics/*.yaml",
    "lock/conflict.py",
)
"""Files that word problems of the input, or find them for no other reason."""
CHECKS = "validate/*.py"
"""Checks of the matrix: the lines of their texts count as error texts, those of their rules are the product's."""
STEP = re.compile(r"^\d+\. `", flags=re.MULTILINE)


def report() -> str:
    """Count lines, and return them beside the goals."""
    modules = [_lines(path) for path in SOURCE.rglob("*.py")]
    lengths = [length for path in SOURCE.rglob("*.py") for length in _lengths(path)]
    texts = sum(_lines(path) for pattern in ERROR_TEXTS for path in SOURCE.glob(pattern))
    checks = [path.read_text(encoding="utf-8") for path in SOURCE.glob(CHECKS)]
    with_checks = texts + sum(len(check.splitlines()) for check in checks)
    texts += sum(len(_lines_of_reports(ast.parse(check))) for check in checks)
    walk = len(STEP.findall((REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")))
    rows = [
        ("lines of Python", sum(modules), ""),
        ("lines that make error texts", f"{texts} ({texts / sum(modules):.1%})", "≤ 15 %"),
        ("the same with all lines of checks", f"{with_checks} ({with_checks / sum(modules):.1%})", ""),
        ("modules, and their median length", f"{len(modules)}, {statistics.median(modules):.0f}", "< 170"),
        ("functions, and their median length", f"{len(lengths)}, {statistics.median(lengths):.0f}", "< 12"),
        ("longest function", max(lengths), "few over 50"),
        ("functions from YAML to Dockerfile", walk, "≤ 15"),
    ]
    return table("Code", ("what", "count", "goal"), rows)


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _lines_of_reports(check: ast.Module) -> set[int]:
    """Return the lines on which a check words a finding: whole calls that make one, and other sentences."""
    docstrings = {id(node.value) for node in ast.walk(check) if isinstance(node, ast.Expr)}
    reports = [node for node in ast.walk(check) if id(node) not in docstrings and _words_a_finding(node)]
    return {line for node in reports for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def _words_a_finding(node: ast.AST) -> TypeGuard[ast.expr]:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).split(".")[-1] in ("at", "bad_value", "unknown", "unknown_value")
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and " " in str(node.value))


def _lengths(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1
