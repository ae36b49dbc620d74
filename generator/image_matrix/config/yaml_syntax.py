"""What the YAML parser says, in the words of somebody who writes YAML seldom."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.yaml_error import complaint_of
from image_matrix.config.yaml_hints import TAB
from image_matrix.config.yaml_hints.rank import slip_in
from image_matrix.diagnostics import Diagnostic, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics.redact import conceal

if TYPE_CHECKING:
    import yaml

    from image_matrix.config.yaml_error import Complaint

_CONFLICT = re.compile(r"(<{7}|={7}|>{7})( |$)")
_TOKEN = re.compile(r"[^\s,\[\]{}]+")


def syntax_error(error: yaml.YAMLError, file: str, text: str, lines: tuple[str, ...]) -> Diagnostic:
    """Return the diagnostic for what libyaml raised."""
    complaint = complaint_of(error, text)
    conflict = next((number for number, line in enumerate(lines) if _CONFLICT.match(line)), None)
    if conflict is not None:
        place = _place(file, lines, (conflict, 0))
        return _say(
            place, "a merge conflict is left in the file", "keep one side and remove the marker lines"
        )
    found = slip_in(lines)
    if found:
        place = _place(file, lines, (found.line, found.slip.column))
        place = replace(place, width=found.slip.width or place.width)
        return _say(place, found.slip.problem, _public(found.slip.advice, lines[found.line]))
    if complaint.unclosed:
        return _unclosed(complaint, file, lines)
    without_colon = complaint.context == "while scanning a simple key" and complaint.opened
    place = _place(file, lines, without_colon or complaint.mark)
    return _say(place, *_words(complaint, lines))


def _public(advice: str, line: str) -> str:
    """Return an advice that shows no password: what it makes of a line may hide from what conceals one in it."""
    return advice if conceal(line) == line else "mend it, and take the user and password out of the address"


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
    if not sign:  # the file ends behind a bracket or a comma
        opened = replace(_place(file, lines, _last_open(lines)), width=1)
        sign = opened.source[opened.column - 1]
    if "quoted" in complaint.context:
        return replace(
            _say(opened, f"this {sign} is never closed", f"close it with another {sign}"),
            related=_related(opened, noticed),
        )
    if opened.line == noticed.line and noticed.source[noticed.column - 1 :].strip():
        advice = f"separate entries with commas, and close `{sign}`; quote text that holds one of `,[]{{}}`"
        return _say(noticed, f"this does not fit behind the `{sign}` in column {opened.column}", advice)
    closing = {"{": "`}`", "[": "`]`"}.get(sign, "what closes it")
    return replace(
        _say(opened, f"this `{sign}` is never closed", f"add {closing}"), related=_related(opened, noticed)
    )


def _last_open(lines: tuple[str, ...]) -> tuple[int, int]:
    """Return where the last bracket stands that is not closed again."""
    opened = [(0, 0)]
    for number, line in enumerate(lines):
        for column, sign in enumerate(line):
            if sign in "[{":
                opened.append((number, column))
            elif sign in "]}" and len(opened) > 1:
                opened.pop()
    return opened[-1]


def _related(opened: Place, noticed: Place) -> tuple[tuple[Place, str], ...]:
    return () if noticed.line == opened.line else ((replace(noticed, width=1), "noticed here"),)


def _words(complaint: Complaint, lines: tuple[str, ...]) -> tuple[str, str]:
    """Return the sentence and the help for the mistakes that people make."""
    line, column = complaint.mark
    source = lines[line] if line < len(lines) else ""
    sign = source[column : column + 1]
    match complaint.words:
        case "found character that cannot start any token" if "\t" in source[: column + 1]:
            return TAB
        case words if words.startswith("found a tab character"):
            return TAB
        case "found character that cannot start any token":
            return f"a value cannot start with {sign}", "put the value in quotes"
        case "mapping values are not allowed in this context":
            advice = "put a value that holds `: ` in quotes; start a key on a line of its own"
            return "a `: ` cannot stand here", advice
        case "did not find expected key" if source[:column].strip():
            advice = "put the value in quotes where all of it is one text"
            return "this cannot stand behind the value in front of it", advice
        case "did not find expected key" | "did not find expected '-' indicator":
            advice = "start it in the same column as the entries above that it belongs to"
            return "the indentation of this line fits none of the lines above", advice
        case "found undefined alias":
            return (
                "no anchor of this name stands above",
                "define it with `&NAME` before it is used with `*NAME`; put a text that starts with `*` in quotes",
            )
        case "found unknown escape character":
            escape = source[column : column + 2]
            return f"`{escape}` is no escape of YAML's", "put the text in single quotes, where a \\ is a \\"
        case "but found another document" | "did not find expected <document start>":
            return (
                "a second document starts here",
                "remove the line with `---` or `...`: one file is one document",
            )
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
