"""Patterns of the schema hold a text to its end: a line break behind it would start a line of a Dockerfile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.pattern import MOST_DIGITS, fits
from image_matrix.config.schema import schema_text
from image_matrix.diagnostics import MatrixError
from image_matrix.project.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator

MATRIX: dict[str, Any] = {
    "version": 1,
    "registry": "ghcr.io/team/notebooks",
    "sources": {"debian": "docker.io/library/debian:trixie-slim"},
    "images": {"base": {"from": "debian"}},
}


def patterns(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "pattern" and isinstance(value, str))
        for value in node.values():
            yield from patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from patterns(value)


def test_every_pattern_ends_where_the_text_does() -> None:
    every = set(patterns(json.loads(schema_text())))
    assert len(every) > 30
    assert [pattern for pattern in every if not pattern.endswith("$")] == []


@pytest.mark.parametrize(("pattern", "text"), [("^a$", "a"), ("^[a$]+$", "a$"), ("^(a|b)$", "b")])
def test_a_line_break_behind_the_text_does_not_fit(pattern: str, text: str) -> None:
    assert fits(pattern, text)
    assert not fits(pattern, f"{text}\n")


@pytest.mark.parametrize(
    ("pattern", "text", "fit"),
    [
        (r"^[0-9.]+$", f"1.{'9' * MOST_DIGITS}", True),
        (r"^[0-9.]+$", f"1.{'9' * MOST_DIGITS}9", False),
        (r"^[0-9a-f]+$", "9" * 200 + "a" + "9" * 200, True),
        (r"^[a-z0-9 .,]+$", "9" * 400, False),
        (r"^[^\x00]*$", "9" * 400, True),
    ],
)
def test_only_a_free_text_has_numbers_of_hundreds_of_digits(pattern: str, text: str, *, fit: bool) -> None:
    assert fits(pattern, text) is fit


@pytest.mark.parametrize(
    "more",
    [
        {"registry": "ghcr.io/team/notebooks\n"},
        {"images": {"base": {"from": "debian", "apt": ["git\n"]}}},
        {"images": {"base": {"from": "debian", "pip": ["numpy==2.4.6\n"]}}},
        {"images": {"base": {"from": "debian", "env": {"A": "b\n"}}}},
        {"images": {"base\n": {"from": "debian"}}},
        {"workflow": {"generator": ".[locked]\n"}},
        {"workflow": {"default_branch": "main\n"}},
    ],
)
def test_no_value_ends_in_a_line_break(more: dict[str, Any]) -> None:
    with pytest.raises(MatrixError):
        load({"matrix.yaml": json.dumps({**MATRIX, **more})}, ())
