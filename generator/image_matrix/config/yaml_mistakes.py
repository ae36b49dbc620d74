"""Recognizes common mistakes in YAML, each with the corrected line.

Which of them is behind an error, :mod:`image_matrix.config.yaml_syntax` finds out: the one whose correction helps.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from image_matrix.text import character_name


@dataclass(frozen=True, slots=True)
class Mistake:
    """What may be wrong with a line, at a column from 0, and the line without it."""

    column: int
    problem: str
    advice: str
    corrected: str
    width: int | None = None
    """How many characters are wrong; ``None``: the word at the column."""


Find: TypeAlias = Callable[[Sequence[str], int], Iterator[Mistake]]
"""All lines and the number of one, to what may be wrong with that one."""

TAB = "the indentation contains a tab", "indent with spaces; YAML does not allow tabs in indentation"
_ODD = re.compile("[\u00a0\u2000-\u200f\u2028-\u202f\u2060-\u2069\u3000\ufeff]")
_ODD_START = re.compile(r"(\s*)(?P<sign>//|<!--|```|\+|[\u2013\u2014\u2022\u00b7])\s*\S.*")
_TIGHT_DASH = re.compile(r"(\s*)-(?P<rest>[^\s-].*)")
_TIGHT_COLON = re.compile(r"(\s*(?:- +)*)(?P<key>[\w./-]+):(?!//)(?P<rest>[^\s:].*)")
_NO_COLON = re.compile(
    r"(\s*(?:- +)*)(?P<key>[A-Za-z_][\w./-]*)(?:\s*=\s*(?=[^\s=])|\s+(?=[\[{'\"]|\S+$))(?P<rest>[^:=#]+)"
)
_ENTRY_WITH_KEY = re.compile(r"(?P<indent>\s*)- +(?P<key>[\w./-]+:)\s*(#.*)?")
_KEY_OR_ENTRY = re.compile(r"- |[^\s#].*?:(\s|$)")
_VALUE = re.compile(r"(\s*(?:- +)*(?:[^\s#'\"\[{][^#'\"\[{]*?:\s+)?)(\S.*?)(\s+#.*|\s*)")
_TEXT_BEHIND_BRACKET = re.compile(r"[\[{][^\[\]{}'\"]*[\]}]\s*\w")
_QUOTED = {"'": re.compile(r"'(?:[^']|'')*'"), '"': re.compile(r'"(?:[^"\\]|\\.)*"')}
_OPEN_IN_LIST = re.compile(r"(?<![^\s\[{,])([\"'])([^\"',\[\]{}]+)(?=[,\]}])")


def shown(text: str) -> str:
    """Return what to write, in backquotes, its end left out where it is long."""
    return f"`{text}`" if len(text) <= 70 else f"`{text[:67].rstrip()} …`"


def _tab(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    text = lines[at].lstrip(" \t")
    head = lines[at][: len(lines[at]) - len(text)]
    if "\t" in head:
        for width in dict.fromkeys([*_columns(lines, at), 2, 4, 8]):
            yield Mistake(head.index("\t"), *TAB, " " * width + text, 1)


def _odd_character(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    odd = _ODD.search(lines[at])
    if odd:
        problem = f"{character_name(odd.group())} is not a space in YAML"
        plain = _ODD.sub(lambda char: " " if unicodedata.category(char.group()) == "Zs" else "", lines[at])
        yield Mistake(odd.start(), problem, "delete it, and type a space where one is needed", plain, 1)


def _rewritten(pattern: re.Pattern[str], problem: str, text: str) -> Find:
    """Return what finds lines of a pattern; its first group stays in front of ``text``, which is to be written."""

    def find(lines: Sequence[str], at: int) -> Iterator[Mistake]:
        match = pattern.fullmatch(lines[at])
        if match:
            better = text.format(**match.groupdict())
            advice = f"write {shown(better)}"
            yield Mistake(match.end(1), problem.format(**match.groupdict()), advice, match[1] + better)

    return find


def _odd_start(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    """Signs of Markdown, of a diff, of another language's comments; a bullet."""
    odd = _ODD_START.fullmatch(lines[at])
    if odd:
        advice = "remove this sign, or the line; a list entry starts with `- `, a comment with `#`"
        yield Mistake(len(odd[1]), f"a line cannot start with {odd[2]}", advice, "")


def _text_like_yaml(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    """``[WIP] …``, ``{{ x }} …``, ``> 5 GB``, ``@scope``: text that starts with a sign of YAML's own."""
    value = _VALUE.fullmatch(lines[at])
    if not value or not value[1].strip():
        return
    sign = value[2][0]
    if value[2].startswith("{{"):
        problem = "an unquoted `{{` starts two mappings"
    elif _TEXT_BEHIND_BRACKET.match(value[2]):
        what, closing = ("list", "]") if sign == "[" else ("mapping", "}")
        problem = f"this `{sign}` starts a {what}, but more follows behind its `{closing}`"
    elif sign in ">|*&!%@`":
        problem = f"a text cannot start with {sign}"
    else:
        return
    whole = _quoted(value[2])
    yield Mistake(
        len(value[1]), problem, f"put it in quotes: {shown(whole)}", f"{value[1]}{whole}{value[3]}", 1
    )


def _quote(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    """A text in quotes that ends too early, or never."""
    value = _VALUE.fullmatch(lines[at])
    sign = value[2][0] if value else ""
    if value and sign in _QUOTED:
        column, closed = len(value[1]), _QUOTED[sign].match(value[2])
        text = value[2][1:].rstrip("'\"") if not closed else value[2][1:].removesuffix(sign)
        whole = f"{sign}{text}{sign}" if not closed else _quoted(text)
        problem = f"this {sign} is never closed"
        if closed:
            column, problem = column + closed.end() - 1, f"the text ends at this {sign}, and more follows"
        if not closed or closed.end() < len(value[2]):
            yield Mistake(column, problem, f"write {shown(whole)}", f"{value[1]}{whole}{value[3]}", 1)
    for opened in _OPEN_IN_LIST.finditer(lines[at]):
        whole = f"{opened[1]}{opened[2]}{opened[1]}"
        corrected = f"{lines[at][: opened.start()]}{whole}{lines[at][opened.end() :]}"
        yield Mistake(
            opened.start(), f"this {opened[1]} is never closed", f"write {shown(whole)}", corrected, 1
        )


def _indentation(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    text, current, below = lines[at].lstrip(" "), _indent(lines[at]), _indent_below(lines, at)
    if current == below or not _KEY_OR_ENTRY.match(text):
        return
    deeper = {below} if below and below > current and not text.endswith(":") else set()
    for width in sorted(
        {*_columns(lines, at)} | deeper - {current}, key=lambda width: (abs(width - current), -width)
    ):
        if not (text.endswith(":") and below and width >= below):
            problem = "the indentation of this line does not fit the lines around it"
            yield Mistake(current, problem, f"start it in column {width + 1}", " " * width + text)


def _dash_of_a_key(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    """The first key of a mapping with a dash, where the keys below it have none."""
    entry = _ENTRY_WITH_KEY.fullmatch(lines[at])
    if entry:
        problem = "this `-` starts a list, but a key without one follows below"
        advice = f"write `{entry['key']}` without the `- `"
        corrected = entry["indent"] + lines[at][entry.start("key") :]
        yield Mistake(len(entry["indent"]), problem, advice, corrected, 1)


def _odd_line(lines: Sequence[str], at: int) -> Iterator[Mistake]:
    """A line without which the parser gets further, whatever is wrong with it."""
    problem = "this line does not fit the lines around it"
    advice = (
        "write `key: value`, or `- value` in a list, and start it in the column of the lines that it belongs to; "
        "indent it further if it continues the text above"
    )
    yield Mistake(_indent(lines[at]), problem, advice, "")


def _indent_below(lines: Sequence[str], at: int) -> int | None:
    """Return where the next line starts that says something; ``None`` if there is none."""
    return next((_indent(line) for line in lines[at + 1 :] if line.strip()[:1] not in ("", "#")), None)


def _columns(lines: Sequence[str], at: int) -> Iterator[int]:
    """Yield columns in which a line may start: below a line that ends with a colon, and as the lines above do."""
    left = None
    for line in reversed(lines[max(0, at - 100) : at]):
        if line.strip()[:1] not in ("", "#"):
            if left is None and line.rstrip().endswith(":"):
                yield _indent(line) + 2
            left = _indent(line)
            yield left
            if not left:
                return


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _quoted(text: str) -> str:
    return f'"{text}"' if not set(text) & {'"', "\\"} else "'" + text.replace("'", "''") + "'"


IN_A_LINE: tuple[Find, ...] = (
    _tab,
    _odd_character,
    _odd_start,
    _rewritten(_TIGHT_DASH, "a space is missing after this `-`", "- {rest}"),
    _rewritten(_TIGHT_COLON, "a space is missing after `{key}:`", "{key}: {rest}"),
    _text_like_yaml,
)
OF_A_LINE: tuple[Find, ...] = (
    _rewritten(_NO_COLON, "a `: ` is missing after `{key}`", "{key}: {rest}"),
    _indentation,
    _odd_line,
)
"""What is looked for where a line as a whole is in the way of the parser."""
FAR_ABOVE: tuple[Find, ...] = (_quote, _odd_character, _dash_of_a_key)
"""What the parser may notice many lines below."""
