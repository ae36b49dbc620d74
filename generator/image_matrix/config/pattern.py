"""Matches texts with patterns of the schema, as JSON Schema defines them."""

from __future__ import annotations

import re
from functools import cache


def fits(pattern: str, text: str) -> bool:
    """Say whether a text has what a pattern of the schema asks for.

    JSON Schema's patterns are ECMA-262's, where ``$`` is the end of the text; Python's ``$`` lets a line break follow.
    Source: json-schema.org/draft/2020-12/json-schema-core, section 6.4.
    """
    return _compiled(pattern).search(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern)
