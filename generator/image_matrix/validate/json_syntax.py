"""Finds the first mistake in a JSON file, and says what to write there.

Only the position is taken from Python's parser: its words, and where it sees a comma too many, differ by its version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from image_matrix.json_data import read_json
from image_matrix.text import character_name, type_name

_IGNORED = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')
_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null"}
_EXPECTED = {
    "Expecting ','": ("a comma is missing before this", "write `,` behind the entry before it"),
    "Expecting ':'": ("a colon is missing before this", 'write `"name": value`'),
    "Expecting property": ("this is no name in double quotes", 'write `"name": value`'),
    "Expecting value": ("this is no value", "write a text in double quotes, a number, true, false, null, {…} or […]"),
    "Unterminated": ("this text has no end", 'write `"` behind it'),
    "Invalid control": ("a text has a line break or a tab", "write `\\n` or `\\t`, or end the text with `\"`"),
    "Invalid \\": ("this escape is none of JSON's", "write `\\\\` for a backslash"),
    "Extra data": ("this stands behind the end", "remove it"),
    "Unexpected UTF-8": ("the file begins with a byte order mark", "save it as UTF-8 without a byte order mark"),
}  # fmt: skip
"""What begins a message of Python's parser, with the problem and what to do."""


@dataclass(frozen=True, slots=True)
class JsonMistake:
    """What is wrong in a text that should be JSON, and where."""

    position: int
    """Characters before it."""
    problem: str
    advice: str
    comment: bool = False
    """Whether it is a comment, which other forms of JSON have."""


def json_mistake(text: str, *, comments: bool) -> JsonMistake | None:
    """Return the first mistake in a text that should be a mapping in JSON; ``None`` if there is none.

    With ``comments``, the text may have comments and commas behind last entries. What has more levels, or a number
    with more digits, than Python reads is not judged.
    """
    from json import JSONDecodeError

    try:
        value = read_json(_plain(text) if comments else text)
    except JSONDecodeError as error:
        return (_comment(text, error.pos) if comments else None) or _explained(text, error.pos, error.msg)
    except ValueError:
        return None
    if isinstance(value, dict):
        return None
    return JsonMistake(0, f"the file is {type_name(value)}, not a mapping", "write `{…}`")


def _plain(text: str) -> str:
    """Return a text without comments and without commas behind last entries; everything else stays in its place."""
    without = _IGNORED.sub(lambda match: match[1] or re.sub(r"[^\n]", " ", match[0]), text)
    return _LAST_COMMA.sub(lambda match: match[1] or " ", re.sub("\\A\ufeff", " ", without))


def _comment(text: str, position: int) -> JsonMistake | None:
    """Return what is wrong with a comment, where comments are allowed; ``None`` if there is none."""
    if text.startswith("/*", position):
        return JsonMistake(position, "this comment has no end", "write `*/` behind it")
    if text.startswith("#", position):
        return JsonMistake(position, "a comment begins with `//`", "write `//` in place of `#`")
    return None


def _explained(text: str, position: int, message: str) -> JsonMistake:
    rest = text[position:]
    if rest.startswith(("//", "/*", "#")):
        return JsonMistake(position, "JSON has no comments", "remove the comment", comment=True)
    if (comma := _last_comma(text, position)) is not None:
        return JsonMistake(comma, "a comma stands behind the last entry", "remove the comma")
    if not text.strip():
        return JsonMistake(0, "the file is empty, not a mapping", "write `{…}`")
    if not rest.strip():
        at = len(text.rstrip())
        return JsonMistake(at - 1, "the file ends too early", "close what is open, with `}` or `]`")
    if rest.startswith("'"):
        return JsonMistake(position, "a text stands in single quotes", 'write double quotes: `"…"`')
    word = re.match(r"\w+", rest)
    if word and word[0] in _WORDS:
        return JsonMistake(position, f"`{word[0]}` is no word of JSON", f"write `{_WORDS[word[0]]}`")
    if not rest[0].isascii() and not message.startswith("Unexpected"):
        return JsonMistake(position, f"there is the character {character_name(rest[0])}", "type it again")
    known = next((words for begin, words in _EXPECTED.items() if message.startswith(begin)), None)
    problem, advice = known or ("this is no JSON", "correct it")
    return JsonMistake(position, problem, advice)


def _last_comma(text: str, position: int) -> int | None:
    """Return where a comma stands behind the last entry: at the position, or before the bracket that is there."""
    before = text[:position].rstrip()
    if text[position : position + 1] in ("}", "]") and before.endswith(","):
        return len(before) - 1
    return position if re.match(r",\s*[}\]]", text[position:]) else None
