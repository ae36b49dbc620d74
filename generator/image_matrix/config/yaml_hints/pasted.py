"""What comes along when text is pasted: tabs, odd spaces, signs of other formats."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from image_matrix.config.yaml_hints import TAB, Slip, starts_above

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SPACES = re.compile("[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
_WIDTHLESS = "\u200b\ufeff"
_DIFF = re.compile(r"([+-])(\s+\S.*)")
_COMMENT = re.compile(r"(\s*)(//|<!--)\s*(.*)")


def tabs(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """Tabs where only spaces may stand; how many of these were meant, the lines above say."""
    text = lines[at].lstrip(" \t")
    head = lines[at][: len(lines[at]) - len(text)]
    if "\t" in head and text:
        around = [*starts_above(lines, at)]
        inside = [start + 2 for start, line in around[:1] if line.endswith(":")]
        for width in dict.fromkeys([*inside, *(start for start, _ in around), 2, 4, 8]):
            yield Slip(head.index("\t"), *TAB, " " * width + text, 1)


def spaces(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """Spaces that are none to YAML, as web pages and chats have them."""
    found = _SPACES.search(lines[at])
    if found:
        name = f"U+{ord(found.group()):04X} ({unicodedata.name(found.group(), '').lower()})"
        mended = _SPACES.sub(lambda odd: "" if odd.group() in _WIDTHLESS else " ", lines[at])
        yield Slip(found.start(), f"here stands {name}, not a plain space", "type the spaces anew", mended, 1)


def signs(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """Fences of Markdown, the first column of a diff, comments of other languages."""
    line = lines[at]
    if line.startswith("```"):
        yield Slip(0, "a line of Markdown is left in the file", "remove it", "")
    elif diff := _DIFF.fullmatch(line):
        yield Slip(0, f"the line starts with the `{diff[1]}` of a diff", "remove it", diff[2], 1)
    elif comment := _COMMENT.fullmatch(line):
        advice = f"write `#` instead of `{comment[2]}`"
        yield Slip(len(comment[1]), "a comment starts with `#`", advice, f"{comment[1]}# {comment[3]}")
