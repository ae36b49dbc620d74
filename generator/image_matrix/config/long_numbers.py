"""Finds numbers of hundreds of digits, which programs that read them fail at; :mod:`.pattern` refuses them in texts.

No float has more than 309 digits (docs.python.org, ``sys.float_info``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.pattern import MOST_DIGITS
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

PROBLEM = f"a number has more than {MOST_DIGITS} digits"
ADVICE = "write the number that is meant"


def long_numbers(value: Json, path: Path = ()) -> Iterator[Finding]:
    """Yield what is said of each number of more digits than anybody means, also in settings of other programs."""
    if isinstance(value, (dict, list)):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from long_numbers(item, (*path, step))
    elif isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        yield rules.BAD_VALUE.at(path, problem=PROBLEM, advice=ADVICE)
