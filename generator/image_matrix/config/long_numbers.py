"""Finds numbers of hundreds of digits, which programs that read them fail at.

Python reads no number of more than 4300 digits, and no float has more than 309 (docs.python.org, "Integer string
conversion length limitation" and ``sys.float_info``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

MOST = 300
"""Digits that a number may have; the longest checksum has 128."""
_LONG = re.compile(rf"[0-9]{{{MOST + 1},}}")


def long_numbers(value: Json, path: Path = ()) -> Iterator[Finding]:
    """Yield what is said of each number, or text with a number, of more digits than anybody means."""
    if isinstance(value, (dict, list)):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from long_numbers(item, (*path, step))
    elif _is_long(value):
        problem = f"a number has more than {MOST} digits"
        yield rules.BAD_VALUE.at(path, problem=problem, advice="write the number that is meant")


def _is_long(value: Json) -> bool:
    if isinstance(value, str):
        return len(value) > MOST and _LONG.search(value) is not None
    return isinstance(value, int) and abs(value) >= 10**MOST
