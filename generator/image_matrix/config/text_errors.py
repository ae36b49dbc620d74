"""Reports texts and names that do not fit the pattern of their field, with what to write."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from image_matrix.config.digest_text import digest_advice
from image_matrix.config.long_numbers import ADVICE, PROBLEM
from image_matrix.config.package_words import VERSIONED, several, with_versions, without_command
from image_matrix.config.pattern import fits, has_long_number
from image_matrix.config.suggestions import corrected, named
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics.redact import conceal
from image_matrix.text import character_name

if TYPE_CHECKING:
    from image_matrix.config.document import Documents
    from image_matrix.diagnostics import Finding, Path, Place


_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What the patterns of free text refuse: line breaks, and what changes the direction of the text that follows."""


def bad_text(path: Path, value: str, part: dict[str, Any], documents: Documents) -> Finding:
    """Return what is wrong with a text, or with an entry of a list of packages."""
    odd = _NOT_IN_A_LINE.search(value)
    if has_long_number(value):
        return rules.BAD_VALUE.at(path, problem=PROBLEM, advice=ADVICE)
    if "x-hint" in part:
        advice = text_advice(path, value, part, documents)
        return rules.BAD_PACKAGE.at(path, value=value, what=part["x-noun"], advice=advice)
    if odd and odd.group().isprintable() is False and ord(odd.group()) > 0x2029:
        problem, advice = f"{character_name(odd.group())} is not allowed here", "remove it"
    elif odd:
        problem, advice = "line breaks and control characters are not allowed here", "write it in one line"
    else:
        problem = f"`{value}` is not {part['x-noun']}" if value else "the text is empty"
        advice = text_advice(path, value, part, documents)
    return rules.BAD_VALUE.at(path, problem=problem, advice=advice)


def text_advice(path: Path, value: str, part: dict[str, Any], documents: Documents) -> str:
    """Return what to write instead of a text or name that does not fit its pattern."""

    def right(text: object) -> bool:
        return fits(part["pattern"], str(text))

    if re.search(r"\s- ", value):
        return _apart(documents.place(path))
    if part.get("x-noun") == "apt package" and value.endswith("-"):
        return f"write `{value.rstrip('-')}`, or leave it out: with `-` at the end apt removes a package"
    better = _of_one_word(value, part, corrected(value, right))
    odd = next((char for char in value if not char.isascii()), None)
    if odd:
        column = documents.place(path).source.find(value) + value.index(odd) + 1
        remedy = f"write {named(None, better)}" if better else "type it again"
        return f"column {column} is {character_name(odd)}: {remedy}"
    if conceal(value) == value and (digest := digest_advice(value)):
        return digest
    if isinstance(path[-1], int) and (apart := _joined_or_apart(path, value, part, documents)):
        return apart
    return f"write {named(None, better)}" if better else nearest_example(value, part)


def _apart(place: Place) -> str:
    """Return how to write entries of a list that are read as one, because `- ` does not start another there."""
    before = place.source[: place.column - 1]
    if before.count("[") > before.count("]"):
        return "write a comma in place of each `- `: it starts no entry in brackets"
    return "start each `- ` in the same column: the lines below are read as a part of this entry"


def _of_one_word(value: str, part: dict[str, Any], better: str | None) -> str | None:
    """Drop a remedy that joins words with hyphens, where an entry with spaces is rather two packages than one."""
    joined = better is not None and better.count("-") > value.count("-")
    return None if joined and value.isascii() and "x-hint" in part else better


def _joined_or_apart(path: Path, value: str, part: dict[str, Any], documents: Documents) -> str:
    """Return what to write of an entry that a comma has cut off, and of one that is two."""

    def right(text: str) -> bool:
        return fits(part["pattern"], text)

    bare = without_command(value)
    parts = several(bare) if "x-hint" in part else bare.split(" ")
    if path[-2] in VERSIONED or path[-3:-1] in [(manager, "packages") for manager in VERSIONED]:
        parts = with_versions(parts)
    if len(parts) == 1 and parts[0] != value and right(parts[0]):
        return f"write {named(None, parts[0])}"
    if len(parts) > 1 and all(map(right, parts)):
        return "write each as a separate entry: " + ", ".join(named(None, text) for text in parts)
    before = documents.written((*path[:-1], int(path[-1]) - 1)) if path[-1] else ""
    if before and re.match("[<>=!~]", value) and right(f"{before},{value}"):
        return f'the comma ends the entry before: write `"{before},{value}"`'
    return ""


def nearest_example(value: str, part: dict[str, Any]) -> str:
    """Return the hint of a sub-schema, or that of its examples which begins most like ``value``."""

    def alike(example: object) -> int:
        return len(os.path.commonprefix([str(example), value]))  # noqa: RUF071 - of texts, not of paths

    if "x-hint" in part:
        return str(part["x-hint"])
    return f"write, for example, {named(None, max(part['examples'], key=alike))}"
