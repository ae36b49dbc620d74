"""Slips in lists that have one entry a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.yaml_hints import Slip, above, below, indent, is_key, shown, starts_above

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DASH = re.compile(r"(\s*)-([^\s-].*)")
_BULLET = re.compile(r"(\s*)([\u2013\u2014\u2022\u00b7*])\s*(\S.*)")
_ENTRY = re.compile(r"(\s*)- +(\S.*)")
_BEHIND_KEY = re.compile(r"(\s*[^\s#-][^#'\"]*?:)\s+(- .*)")


def dashes(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """Entries without ``- `` in front, or with something that looks like it."""
    line = lines[at]
    if tight := _DASH.fullmatch(line):
        yield _entry(tight[1], tight[2], "no space stands behind this `-`")
    elif bullet := _BULLET.fullmatch(line):
        yield _entry(bullet[1], bullet[3], f"`{bullet[2]}` starts no list entry")
    elif line.strip() and not is_key(line) and _beside_entries(lines, at):
        yield _entry(" " * indent(line), line.strip(), "no `- ` stands in front of this list entry")


def behind_key(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``pip: - scipy``."""
    found = _BEHIND_KEY.fullmatch(lines[at])
    if found:
        column = found.start(2)
        problem = f"a list entry cannot stand behind `{found[1].strip()}`"
        advice = f"start {shown(found[2])} on the next line"
        yield Slip(column, problem, advice, f"{found[1]}\n{' ' * column}{found[2]}", 1)


def dash_of_no_list(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``- parent: base`` among lines without, and ``- scipy`` in brackets."""
    found = _ENTRY.fullmatch(lines[at])
    if found and is_key(found[2]):
        key = found[2].partition(":")[0]
        problem = f"`{key}` is no list entry like the lines around it"
        yield Slip(len(found[1]), problem, "remove the `- `", found[1] + found[2], 1)
    elif found and _in_brackets(lines, at):
        text = found[2].rstrip(",")
        problem = "an entry in brackets has no `- ` in front"
        yield Slip(len(found[1]), problem, f"write {shown(f'{text},')}", f"{found[1]}{text},", 1)


def _in_brackets(lines: Sequence[str], at: int) -> bool:
    """Say whether the next line above that starts further to the left opens a list in brackets."""
    outside = next((text for start, text in starts_above(lines, at) if start < indent(lines[at])), "")
    return re.sub(r"\s+#.*", "", outside).endswith("[")


def _entry(head: str, text: str, problem: str) -> Slip:
    return Slip(len(head), problem, f"write {shown(f'- {text}')}", f"{head}- {text}")


def _beside_entries(lines: Sequence[str], at: int) -> bool:
    """Say whether the line above or below, in the same column, is an entry of a list."""
    start = " " * indent(lines[at]) + "- "
    return any(lines[n].startswith(start) for n in (above(lines, at), below(lines, at)))
