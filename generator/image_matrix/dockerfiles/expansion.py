"""Replaces build arguments in FROM, as BuildKit does: ``$NAME``, ``${NAME:-default}`` and so on.

Sources: github.com/moby/buildkit, frontend/dockerfile/shell;
docs.docker.com/reference/dockerfile/#environment-replacement.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEPTH = 100
"""How many variables may stand in each other. Python's limit would do, but how much of it is left, nobody knows."""


class _TooDeepError(Exception):
    """More variables stand in each other than :data:`_DEPTH`."""


def expand(word: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """Return a word with the values of arguments, without quotes and escapes; what is not set is empty.

    So is a word in which more than a hundred variables stand in each other.
    """
    try:
        return _expanded(word, 0, values, escape, "", 0)[0]
    except _TooDeepError:
        return ""


def _expanded(
    text: str, at: int, values: Mapping[str, str], escape: str, end: str, depth: int
) -> tuple[str, int]:
    """Expand from a position to a letter of ``end``, or to the end of the text; return the position behind it."""
    if depth > _DEPTH:
        raise _TooDeepError
    result, quote = "", ""
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            result, at = result + text[at + 1], at + 2
        elif char == quote:
            quote, at = "", at + 1
        elif not quote and char in "\"'":
            quote, at = char, at + 1
        elif char == "$" and quote != "'":
            value, at = _variable(text, at + 1, values, escape, depth + 1)
            result += value
        elif char in end and not quote:
            return result, at + 1
        else:
            result, at = result + char, at + 1
    return result, at


def _variable(text: str, at: int, values: Mapping[str, str], escape: str, depth: int) -> tuple[str, int]:
    """Expand the variable whose name starts at a position."""
    if text[at : at + 1] != "{":
        match = _NAME.match(text, at)
        return (values.get(match[0], ""), match.end()) if match else ("$", at)
    match = _NAME.match(text, at + 1)
    if match is None:
        return "${", at + 1
    value = values.get(match[0])
    operator = re.compile(r":?[-+?]|##?|%%?|//?|").match(text, match.end())
    sign = operator[0] if operator else ""
    position = match.end() + len(sign)
    if sign in ("/", "//"):
        pattern, position = _expanded(text, position, values, escape, "/}", depth)
        other = ""  # of ${NAME/PATTERN}, which shells know and BuildKit does not
        if text[position - 1] == "/":
            other, position = _expanded(text, position, values, escape, "}", depth)
        return _replaced(value or "", pattern, other, 0 if sign == "//" else 1), position
    word, position = _expanded(text, position, values, escape, "}", depth)
    return _modified(value, sign, word), position


def _modified(value: str | None, sign: str, word: str) -> str:
    is_set = bool(value) if sign.startswith(":") else value is not None
    if sign.endswith(("-", "?")):
        return (value or "") if is_set else word if sign.endswith("-") else ""
    if sign.endswith("+"):
        return word if is_set else ""
    return _trimmed(value or "", sign, word) if sign else value or ""


def _trimmed(value: str, sign: str, pattern: str) -> str:
    """Remove the shortest or longest part that fits a pattern from the start (``#``) or the end (``%``)."""
    fits = re.compile(translate(pattern)).match
    cuts = range(len(value) + 1)
    if sign[0] == "#":
        lengths = [cut for cut in cuts if fits(value[:cut])]
        return value[(max if sign == "##" else min)(lengths) :] if lengths else value
    lengths = [cut for cut in cuts if fits(value[cut:])]
    return value[: (min if sign == "%%" else max)(lengths)] if lengths else value


def _replaced(value: str, pattern: str, other: str, count: int) -> str:
    expression = translate(pattern).removeprefix("(?s:").removesuffix(r")\Z").removesuffix(r")\z")
    return re.sub(f"(?s:{expression})", lambda _: other, value, count=count)
