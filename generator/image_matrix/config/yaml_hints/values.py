"""Slips in what stands behind a key: quotes, brackets, and text that YAML takes for something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.yaml_hints import Slip, below, indent, is_key, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VALUE = re.compile(r"(\s*(?:- +)*(?:[^\s#'\"\[{][^#'\"\[{]*?:\s+)?)(\S.*)")
_COMMENT = re.compile(r"\s+#.*|\s+$")
_QUOTED = {"'": re.compile(r"'(?:[^']|'')*'"), '"': re.compile(r'"(?:[^"\\]|\\.)*"')}
_OPEN_IN_LIST = re.compile(r"(?<![^\s\[{,])([\"'])([^\"',\[\]{}]+)([\"']?)(?=[,\]}])")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_CLOSED_IN_COMMENT = re.compile(r"(.*?[^\s#])(\s+#.*?)\s*([\]}]+)\s*")
_CLOSING = {"[": "]", "{": "}"}


def quotes(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """A text in quotes that ends too early, or never."""
    head, value, comment = _parts(lines[at])
    sign = value[:1]
    closed = _QUOTED[sign].match(value) if sign in _QUOTED else None
    if sign in _QUOTED and not closed:
        text = value[1:].rstrip("'\"")
        mended = f"{head}{sign}{text}{sign}{comment}"
        yield Slip(len(head), f"this {sign} is never closed", f"close it with another {sign}", mended, 1)
    elif closed and closed.end() < len(value):
        apostrophe = _APOSTROPHE.match(value, closed.end() - 1)
        inner = apostrophe or value.endswith(sign)
        whole = _quoted(value[1:].removesuffix(sign) if inner else value)
        problem = f"the text ends at this {sign}, and more follows"
        column = len(head) + closed.end() - 1
        yield Slip(column, problem, f"write {shown(whole)}", f"{head}{whole}{comment}", 1)


def quotes_in_brackets(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``["3.13, "3.11"]`` and ``{description: 'It's …'}``."""
    line = lines[at]
    for opened in _OPEN_IN_LIST.finditer(line):
        sign, text, other = opened.groups()
        if sign != other:
            whole = f"{sign}{text}{sign}"
            mended = f"{line[: opened.start()]}{whole}{line[opened.end() :]}"
            yield Slip(opened.start(), f"this {sign} is never closed", f"write {shown(whole)}", mended, 1)
    apostrophe = _APOSTROPHE.search(line)
    if apostrophe and ("{" in line or "[" in line):
        problem, advice = "the text ends at this ', and more follows", "write '' for an apostrophe in '…'"
        yield Slip(apostrophe.start(), problem, advice, _APOSTROPHE.sub("''", line), 1)


def comma_behind(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``pip: [scipy],``."""
    head, value, comment = _parts(lines[at])
    if value.endswith(","):
        column = len(head) + len(value) - 1
        yield Slip(column, "a comma cannot stand behind a value", "remove it", f"{head}{value[:-1]}{comment}")


def closings(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """A bracket that closes another one, or none."""
    line = lines[at]
    for column, sign in enumerate(line):
        if sign in "]})":
            before, behind = line[:column], line[column + 1 :]
            for opening, closing in _CLOSING.items():
                if closing != sign:
                    problem = f"this `{sign}` cannot close a `{opening}`"
                    yield Slip(column, problem, f"write `{closing}`", f"{before}{closing}{behind}", 1)
            yield Slip(column, f"this `{sign}` closes nothing", "remove it", f"{before}{behind}", 1)


def closed_in_comment(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``[scipy # pinned]``."""
    found = _CLOSED_IN_COMMENT.fullmatch(lines[at])
    if found:
        text, comment, closing = found.groups()
        mended = f"{text}{closing}{comment}"
        problem = f"this `{closing}` is part of the comment, which starts at `#`"
        advice = f"write it in front of the comment: {shown(mended.strip())}"
        yield Slip(found.start(3), problem, advice, mended)


def opening_alone(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """``jupyter: {`` above lines without brackets."""
    head, value, comment = _parts(lines[at])
    under = "".join(lines[at + 1 : below(lines, at) + 1]).strip()
    if (value == "{" and is_key(under)) or (value == "[" and under.startswith("- ")):
        problem = f"this `{value}` is never closed"
        advice = f"remove it, or close it with `{_CLOSING[value]}` and separate the entries with commas"
        yield Slip(len(head), problem, advice, f"{head.rstrip()}{comment}")


def no_comma(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """A line in brackets whose last entry has no comma behind it, though another one follows."""
    head, value, comment = _parts(lines[at])
    if value and value[-1] not in ",[{:":
        last = re.split(r",\s*", value)[-1]
        column = len(head) + len(value) - 1
        advice = f"write {shown(f'{last},')}"
        yield Slip(column, "no comma stands behind this entry", advice, f"{head}{value},{comment}")


def text_like_yaml(lines: Sequence[str], at: int) -> Iterator[Slip]:
    """A text that starts with a sign of YAML's own: ``[WIP] …``, ``> 5 GB``, ``@scope``."""
    head, value, comment = _parts(lines[at])
    whole = _quoted(value)
    problem, advice = _why_quoted(value, shown(whole))
    if problem and head.strip():
        yield Slip(len(head), problem, advice, f"{head}{whole}{comment}")


def _why_quoted(value: str, whole: str) -> tuple[str, str]:
    sign = value[:1]
    if value.startswith("{{"):
        return "an unquoted `{{` starts two mappings", f"put the value in quotes: {whole}"
    if sign in _CLOSING and _followed(value):
        what, closing = {"[": "list", "{": "mapping"}[sign], _CLOSING[sign]
        problem = f"this `{sign}` starts a {what}, but more follows behind its `{closing}`"
        advice = f"put a text in quotes: {whole}; let `{closing}` stand behind the last entry of a {what}"
        return problem, advice
    if sign and sign in ">|*&!%@`?":
        return f"a text cannot start with {sign}", f"put it in quotes: {whole}"
    return "", ""


def _parts(line: str) -> tuple[str, str, str]:
    """Return what stands in front of a line's value, the value, and the comment behind it."""
    found = _VALUE.fullmatch(line)
    if not found or found[2].startswith("#"):
        return " " * indent(line), "", ""
    comment = _COMMENT.search(found[2])
    start = comment.start() if comment else len(found[2])
    return found[1], found[2][:start], found[2][start:]


def _followed(value: str) -> bool:
    """Say whether something stands behind the bracket that closes the first one."""
    depth = 0
    for at, sign in enumerate(value):
        depth += (sign in "[{") - (sign in "]}")
        if not depth:
            return at + 1 < len(value)
    return False


def _quoted(text: str) -> str:
    if not set(text) & {'"', "\\"}:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"
