"""What the YAML parser says, in the words of somebody who writes YAML seldom."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.diagnostics import Diagnostic, Place, diagnostic
from generator.diagnostics import catalogue as rules

if TYPE_CHECKING:
    import yaml

_CONFLICT = re.compile(r"(<{7}|={7}|>{7})( |$)")
_TOKEN = re.compile(r"[^\s,\[\]{}]+")
_NO_SPACE = re.compile(r"\s*(- )?([\w-]+):([^\s:].*)")


@dataclass(frozen=True, slots=True)
class Complaint:
    """The parser's own words, with its two marks as (line, column) from 0."""

    words: str
    context: str
    mark: tuple[int, int]
    opened: tuple[int, int] | None


def syntax_error(error: yaml.YAMLError, file: str, text: str, lines: tuple[str, ...]) -> Diagnostic:
    """Return the diagnostic for what libyaml raised."""
    complaint = _complaint(error, text)
    conflict = next((number for number, line in enumerate(lines) if _CONFLICT.match(line)), None)
    if conflict is not None:
        place = _place(file, lines, (conflict, 0))
        return _say(
            place, "a merge conflict is left in the file", "keep one side and remove the marker lines"
        )
    if complaint.opened and complaint.context.startswith(("while parsing a flow", "while scanning a quoted")):
        return _unclosed(complaint, file, lines)
    place = _place(file, lines, complaint.mark)
    return _say(place, *_words(complaint, lines))


def _complaint(error: Any, text: str) -> Complaint:  # noqa: ANN401 - two unrelated classes of PyYAML
    mark, opened = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    words = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not valid YAML")
    place = (mark.line, mark.column) if mark else _offset(text, getattr(error, "character", None))
    return Complaint(
        words,
        getattr(error, "context", None) or "",
        place,
        (opened.line, opened.column) if opened else None,
    )


def _offset(text: str, character: object) -> tuple[int, int]:
    """Find a character that YAML does not allow; libyaml counts its position in bytes of another encoding."""
    before = text.partition(chr(character))[0] if isinstance(character, int) else ""
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def _place(file: str, lines: tuple[str, ...], mark: tuple[int, int]) -> Place:
    number = min(mark[0], len(lines) - 1)
    while number and not lines[number].strip():
        number -= 1  # the parser gives up behind the last line
    source = lines[number]
    column = min(mark[1], len(source)) if number == mark[0] else len(source)
    token = _TOKEN.match(source, column)
    return Place(file, number + 1, column + 1, len(token.group()) if token else 1, source)


def _say(place: Place, problem: str, advice: str) -> Diagnostic:
    return diagnostic(rules.YAML_SYNTAX, place, problem=problem, advice=advice)


def _unclosed(complaint: Complaint, file: str, lines: tuple[str, ...]) -> Diagnostic:
    """A bracket or quote: where it opens says more than where the parser gives up."""
    assert complaint.opened is not None  # noqa: S101 - the caller has looked
    opened = replace(_place(file, lines, complaint.opened), width=1)
    noticed = _place(file, lines, complaint.mark)
    sign = opened.source[opened.column - 1 : opened.column]
    if "quoted" in complaint.context:
        return replace(
            _say(opened, f"this {sign} is never closed", f"close it with another {sign}"),
            related=_related(opened, noticed),
        )
    if opened.line == noticed.line and noticed.source[noticed.column - 1 :].strip():
        advice = f"separate entries with commas, and close `{sign}`; quote text that holds one of `,[]{{}}`"
        return _say(noticed, f"this does not fit behind the `{sign}` in column {opened.column}", advice)
    closing = {"{": "}", "[": "]"}.get(sign, "the bracket")
    return replace(
        _say(opened, f"this `{sign}` is never closed", f"add `{closing}`"), related=_related(opened, noticed)
    )


def _related(opened: Place, noticed: Place) -> tuple[tuple[Place, str], ...]:
    return () if noticed.line == opened.line else ((replace(noticed, width=1), "noticed here"),)


def _words(complaint: Complaint, lines: tuple[str, ...]) -> tuple[str, str]:
    """Return the sentence and the help for the mistakes that people make."""
    line, column = complaint.mark
    source = lines[line] if line < len(lines) else ""
    sign = source[column : column + 1]
    match complaint.words:
        case "found character that cannot start any token" if "\t" in source[: column + 1]:
            return "a tab stands in the indentation", "indent with spaces; YAML does not allow tabs there"
        case "found character that cannot start any token":
            return f"a value cannot start with `{sign}`", "put the value in quotes"
        case "mapping values are not allowed in this context":
            return _colon(line, lines)
        case "did not find expected key" | "did not find expected '-' indicator":
            advice = "start it in the same column as the entries above that it belongs to"
            return "the indentation of this line fits none of the lines above", advice
        case "found undefined alias":
            return (
                "no anchor of this name stands above",
                "define it with `&NAME` before it is used with `*NAME`",
            )
        case "but found another document":
            return "a second document starts here", "remove the `---` line: one file is one document"
        case "control characters are not allowed":
            return "an invisible control character stands here", "remove it"
        case "could not find expected ':'":
            return (
                "this is neither `key: value` nor a list entry",
                "write `key: value`, or `- value` in a list",
            )
        case _:
            words = f"{complaint.words} {complaint.context}".strip()
            return f"not valid YAML: {words}", "compare the punctuation with the lines around it"


def _colon(line: int, lines: tuple[str, ...]) -> tuple[str, str]:
    above = next((lines[at] for at in range(line - 1, -1, -1) if lines[at].strip()), "")
    tight = _NO_SPACE.fullmatch(above)
    if tight and lines[line].count(": ") <= 1:
        return (
            f"the line above has no space behind `{tight[2]}:`",
            f"write `{tight[2]}: {tight[3].strip()}` there",
        )
    advice = "put a value that holds `: ` in quotes; start a key on a line of its own"
    return "a `: ` cannot stand here", advice
