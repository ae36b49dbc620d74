"""Matches texts with patterns of the schema, as JSON Schema defines them."""

from __future__ import annotations

import re
from functools import cache

MOST_DIGITS = 300
"""Digits that a number may have; the longest checksum has 128, and no float more than 309 (sys.float_info)."""
_LONG = re.compile(rf"[0-9]{{{MOST_DIGITS + 1},}}")
_FREE_TEXT = 'Any sentence: it\'s "free", {so} $to say #1!'
"""Only a pattern for texts that people or programs of others read allows it."""


def fits(pattern: str, text: str) -> bool:
    """Say whether a text has what a pattern of the schema asks for; no number in it has hundreds of digits.

    Programs that read versions and amounts fail at such numbers. A free text, such as a description or the value of a
    variable, may have them.

    JSON Schema's patterns are ECMA-262's, where ``$`` is the end of the text; Python's ``$`` lets a line break follow.
    Source: json-schema.org/draft/2020-12/json-schema-core, section 6.4.
    """
    return _compiled(pattern).search(text) is not None and (not has_long_number(text) or _is_free(pattern))


def has_long_number(text: str) -> bool:
    """Say whether a text has more than :data:`MOST_DIGITS` digits in a row."""
    return len(text) > MOST_DIGITS and _LONG.search(text) is not None


@cache
def _is_free(pattern: str) -> bool:
    return _compiled(pattern).search(_FREE_TEXT) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern)
