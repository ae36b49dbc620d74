"""Slips in ``key: value`` lines and in where they start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.yaml_hints import (
    Slip,
    above,
    below,
    indent,
    is_key,
    opens_block,
    shown,
    starts_above,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TIGHT = re.compile(r"(\s*(?:- +)*)([\w./-]+):(?!//)([^\s:].*)")
_BARE = re.compile(r"(\s*(?:- +)*)([A-Za-z_][\w./-]*)(?:\s*[=;\uff1a]\s*|\s+)([^\s#=].*)")
_ALONE = re.compile(r"(\s*)([A-Za-z_][\w./-]*)(\s+#.*|\s*)")
_PLAIN = re.compile(r"\s*([\w./-]+): +[^\s\[\]{}'\"|>&*!#].*")
_WAITING = re.compile(r"\s*([\w./-]+):(?:\s+([|>])[+-]?)?\s*")


def no_space(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``parent:base``."""
    tight = _TIGHT.fullmatch(lines[at])
    if tight:
        head, key, value = tight.groups()
        advice = f"write {shown(f'{key}: {value}')}"
        yield Slip(len(head), f"no space stands behind `{key}:`", advice, f"{head}{key}: {value}")


def no_colon(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``parent base`` and ``parent = base``; a name alone above what belongs to it."""
    bare, alone = _BARE.fullmatch(lines[at]), _ALONE.fullmatch(lines[at])
    if bare and not is_key(lines[at]):
        head, key, value = bare.groups()
        advice, mended = f"write {shown(f'{key}: {value}')}", f"{head}{key}: {value}"
        text = _PLAIN.fullmatch(lines[above(lines, at)])
        if text and " " in value:
            advice = f"indent the line further where it continues `{text[1]}`, else {advice}"
            mended = f"  {lines[at]}"
        yield Slip(len(head), f"no `: ` stands behind `{key}`", advice, mended)
    elif alone and opens_block(lines, at):
        head, key, rest = alone.groups()
        yield Slip(len(head), f"no `:` stands behind `{key}`", f"write `{key}:`", f"{head}{key}:{rest}")


def value_below(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """A value on a line of its own that starts no further to the right than its key."""
    key, here, text = lines[above(lines, at)], indent(lines[at]), lines[at].strip()
    waiting = _WAITING.fullmatch(key)
    if waiting and text and here <= indent(key) and not is_key(lines[at]):
        start = f"start it in column {indent(key) + 3}"
        advice = start if waiting[2] else f"write {shown(f'{waiting[1]}: {text}')}, or {start}"
        problem = f"this does not start further to the right than `{waiting[1]}`, whose value it is"
        yield Slip(here, problem, advice, " " * (indent(key) + 2) + text)


def indentation(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """A line that starts too far to the left or to the right of those that it belongs to."""
    text, here = lines[at].lstrip(), indent(lines[at])
    opens, under = opens_block(lines, at), indent(lines[below(lines, at)])
    if text and under > here and not opens:
        problem = "this line is not indented as far as those below it"
        yield Slip(here, problem, f"start it in column {under + 1}, as they do", " " * under + text)
    problem = "the indentation of this line fits none of the lines above"
    starts = [*starts_above(lines, at)]
    for width in sorted({start for start, _ in starts} - {here}, key=lambda w: (abs(w - here), -w)):
        if text and not (opens and under <= width):
            like = next(line for start, line in starts if start == width).partition(":")[0]
            advice = f"start it in column {width + 1}, as {shown(like)} above"
            yield Slip(here, problem, advice, " " * width + text)
