"""Finding the slip behind a syntax error: the guess that, were it mended, would get the parser furthest."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from image_matrix.config.yaml_error import Complaint, complaint_of
from image_matrix.config.yaml_hints import entries, indent, keys, pasted, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.yaml_hints import Guess, Slip

MAX_PARSED = 20_000_000
"""Characters that are parsed for guesses, which takes a second or two: in a long file there are fewer tries."""
NEAR: tuple[Guess, ...] = (
    pasted.tabs,
    pasted.spaces,
    pasted.signs,
    entries.dashes,
    entries.behind_key,
    entries.dash_of_no_list,
    keys.no_space,
    keys.no_colon,
    keys.value_below,
    keys.indentation,
    values.comma_behind,
    values.closings,
    values.opening_alone,
    values.no_comma,
    values.text_like_yaml,
)
"""Guesses at the lines just above the place where the parser gives up; the first of those that help is taken."""
FAR: tuple[Guess, ...] = (values.closed_in_comment, values.quotes, values.quotes_in_brackets)
"""Guesses at what the parser may notice many lines below."""


@dataclass(frozen=True, slots=True)
class Found:
    """A slip with the number of its line, from 0, and the lines that are mended with it."""

    line: int
    slip: Slip
    mended: Mapping[int, str] = field(repr=False)


def slip_in(lines: Sequence[str]) -> Found | None:
    """Return the likeliest slip in a text that is no YAML; ``None`` where no guess gets the parser further."""
    before = complaint_about(lines)
    if before is None:
        return None
    best, furthest = None, (0.0, 0)
    tries = MAX_PARSED // (1 + sum(map(len, lines)))
    for found in islice(_guesses(lines, before), tries):
        reach = _reach(lines, found, before), -len(found.mended)
        if reach[0] and reach > furthest:
            best, furthest = found, reach
        if reach == (math.inf, -1):
            break
    return best


def complaint_about(lines: Sequence[str]) -> Complaint | None:
    """Return what the parser says of a text; its events are enough, since what they do not show is no slip."""
    import yaml

    text = "\n".join(lines)
    try:
        for _ in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            pass
    except yaml.YAMLError as error:
        return complaint_of(error, text)
    return None


def applied(lines: Sequence[str], found: Found) -> list[str]:
    """Return the lines as they would be without the slip."""
    return [found.mended.get(number, line) for number, line in enumerate(lines)]


def _guesses(lines: Sequence[str], complaint: Complaint) -> Iterator[Found]:
    said = [n for n in range(min(complaint.mark[0], len(lines) - 1), -1, -1) if lines[n].strip()]
    opened = complaint.opened[0] if complaint.opened else said[0]
    near = list(dict.fromkeys([*said[:4], *(n for n in said if n == opened)]))
    for guesses, numbers in ((NEAR, near), (FAR, said[:100])):
        for guess in guesses:
            for number in numbers:
                yield from _of_line(guess, lines, number)


def _of_line(guess: Guess, lines: Sequence[str], number: int) -> Iterator[Found]:
    """Yield every guess at one line, and at that line with those below it that have the same slip."""
    for which, slip in enumerate(guess(lines, number)):
        mended = {number: slip.mended}
        yield Found(number, slip, {**mended})
        for below in range(number + 1, min(number + 20, len(lines))):
            same = [*guess(lines, below)] if indent(lines[below]) == indent(lines[number]) else []
            if len(same) <= which:
                break
            mended[below] = same[which].mended
        if len(mended) > 1:
            yield Found(number, slip, mended)


def _reach(lines: Sequence[str], found: Found, before: Complaint) -> float:
    """Return the line to which the parser gets with a slip mended; 0 where that is no further than before."""
    after = complaint_about(applied(lines, found))
    if after is None:
        return math.inf
    line = after.mark[0] - sum(text.count("\n") for text in found.mended.values())
    # what is open to the end of the file now has swallowed the mistake
    in_brackets_at_end = after.context == "while parsing a flow node" and after.mark[0] >= len(lines) - 1
    if in_brackets_at_end or (after.unclosed and after.opened and after.opened[0] <= before.mark[0]):
        return 0
    start = before.opened if before.unclosed and before.opened else before.mark
    return line if line > start[0] else 0
