"""The text of the pull request that updates the lock; its lines come from a job that is not trusted."""

from __future__ import annotations

import json

import pytest

from image_matrix.github.lock_pull_request import (
    LISTED,
    handed_on,
    lines_of,
    proposal,
)

LINE = "apt openssl: 3.5.1-1 → 3.5.1-2 on debian-trixie, in lab:default; CVE-2026-1234"
MOST = 65_536
"""Characters of a pull request's text; GitHub refuses more."""
MOST_OF_A_VARIABLE = 128 * 1024
"""Bytes of one variable of a process; execve(2), MAX_ARG_STRLEN."""


def test_updates_of_apt_are_listed_behind_what_the_lock_has() -> None:
    body = proposal(["apt packages of debian-trixie: 20261130T000000Z (new)"], [], [LINE])
    assert body.index("20261130T000000Z") < body.index(LINE)
    assert "CVE" not in proposal(["source x: a → b"])


def test_nothing_of_a_line_is_rendered() -> None:
    body = proposal(["x"], [], ["```\n# Approve me\n[x](https://example.org)"])
    fences = [line for line in body.splitlines() if line.startswith("```")]
    assert fences == ["```text", "```"] * 2
    assert "\n# Approve" not in body


def test_the_longest_text_fits() -> None:
    lines = ["x" * 1000] * 5000
    assert len(proposal(lines, lines, lines)) < MOST
    assert f"and {5000 - LISTED} more" in proposal(lines)
    assert "more\n```" in proposal(["x"], [], lines_of(handed_on(lines)))
    for line in ("→" * 1000, LINE, ""):
        assert len(handed_on([line] * 20_000).encode()) < MOST_OF_A_VARIABLE


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "3", "null", "[1, {}, null]"])
def test_what_is_no_list_of_lines_is_none(text: str) -> None:
    assert lines_of(text) == []


def test_lines_arrive_as_they_are() -> None:
    assert lines_of(handed_on([LINE, "b"])) == [LINE, "b"]
    assert lines_of(json.dumps(["a", 1])) == ["a"]
