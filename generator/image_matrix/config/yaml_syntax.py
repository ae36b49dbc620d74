"""Explains why a text is not valid YAML: where the mistake is, and what to write.

libyaml says where it gives up. A few mistakes are common enough to be looked for in the lines above that place; each is
tried out, and the first after whose correction the parser gets further is reported. Everything else is libyaml's own
message, translated.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import ComposerError

from image_matrix.config.yaml_mistakes import FAR_ABOVE, IN_A_LINE, OF_A_LINE, TAB
from image_matrix.diagnostics import Diagnostic, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics.redact import conceal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.config.yaml_mistakes import Mistake

MAX_PARSED = 20_000_000
"""Characters that are parsed to try corrections out, which takes a second or two."""
NEAR, FAR = 4, 100
"""How many lines, upwards from the parser's place, a mistake is looked for in."""
FROM_A_MERGE = re.compile(r"(<{7}|={7}|>{7})( |$)")
"""A line of git's that stands between the sides of a conflict."""
_TOKEN = re.compile(r"[^\s,\[\]{}]+")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_OF_A_LINE = re.compile("could not find expected ':'|did not find expected ('-'|<document start>)")


@dataclass(frozen=True, slots=True)
class Complaint:
    """libyaml's own words, with its two marks as (line, column) from 0."""

    words: str
    context: str
    mark: tuple[int, int]
    opened: tuple[int, int] | None

    @property
    def unclosed(self) -> bool:
        """Say whether the parser was inside a bracket or a quote, which ``opened`` then is."""
        return self.context.startswith(("while parsing a flow", "while scanning a quoted"))

    def of_a_line(self, lines: Sequence[str]) -> bool:
        """Say whether a line as a whole is in the parser's way, be it this one or one above."""
        before = lines[self.mark[0]][: self.mark[1]] if self.mark[0] < len(lines) else ""
        if self.words == "mapping values are not allowed in this context":
            return ": " not in before
        if self.words == "did not find expected key":
            return not before.strip()
        return _OF_A_LINE.match(self.words) is not None

    @property
    def start(self) -> tuple[int, int]:
        """Return where the part starts that is wrong."""
        return self.opened if self.opened and (self.unclosed or "simple key" in self.context) else self.mark


def complaint_of(error: yaml.YAMLError, text: str) -> Complaint:
    """Return what libyaml raised about ``text``."""
    raised: Any = error  # two unrelated classes
    mark, opened = getattr(raised, "problem_mark", None), getattr(raised, "context_mark", None)
    words = getattr(raised, "problem", None) or getattr(raised, "reason", None) or "not valid YAML"
    place = (mark.line, mark.column) if mark else _of_character(text, getattr(raised, "character", None))
    context = getattr(raised, "context", None) or ""
    return Complaint(str(words), context, place, (opened.line, opened.column) if opened else None)


def _of_character(text: str, character: object) -> tuple[int, int]:
    """Find a character that YAML does not allow; libyaml counts its position in bytes of another encoding."""
    before = text.partition(chr(character))[0] if isinstance(character, int) else ""
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def syntax_error(error: yaml.YAMLError, file: str, text: str, lines: tuple[str, ...]) -> Diagnostic:
    """Return the diagnostic for what libyaml raised."""
    complaint = complaint_of(error, text)
    conflict = next((number for number, line in enumerate(lines) if FROM_A_MERGE.match(line)), None)
    if conflict is not None:
        advice = "merge both sides, so that neither loses what it added, and remove the marker lines"
        return _at(_place(file, lines, (conflict, 0)), "a merge conflict is left in the file", advice)
    mistake = None if isinstance(error, ComposerError) else find_mistake(lines, complaint)
    if mistake:
        number, what = mistake
        place = _place(file, lines, (number, what.column))
        place = replace(place, width=what.width or place.width)
        return _at(place, what.problem, _public(what.advice, lines[number]))
    ends_early = complaint.context.endswith("flow node") and complaint.mark[0] < len(lines) - 1
    if complaint.unclosed and not ends_early:
        return _unclosed(complaint, file, lines)
    return _at(_place(file, lines, complaint.start), *_translated(complaint, lines))


def find_mistake(lines: Sequence[str], complaint: Complaint) -> tuple[int, Mistake] | None:
    """Return the common mistake, with the number of its line, whose correction gets the parser furthest."""
    tries = MAX_PARSED // (1 + sum(map(len, lines)))
    best, furthest = None, 0.0
    for number, mistake in islice(_candidates(lines, complaint), tries):
        reach = _reach(lines, number, mistake)
        # a line may be left out only if nothing else is wrong: that proves it to be the one
        if reach > max(furthest, number, complaint.start[0]) and (mistake.corrected or reach == math.inf):
            best, furthest = (number, mistake), reach
        if reach == math.inf:
            break
    return best


def _candidates(lines: Sequence[str], complaint: Complaint) -> Iterator[tuple[int, Mistake]]:
    last = min(complaint.mark[0], len(lines) - 1)
    above = [number for number in range(last, -1, -1) if lines[number].strip()][:FAR]
    of_a_line = OF_A_LINE if complaint.of_a_line(lines) else ()
    for finds, numbers in ((IN_A_LINE, above[:NEAR]), (FAR_ABOVE, above), (of_a_line, above[:NEAR])):
        for find in finds:
            for number in numbers:
                yield from ((number, mistake) for mistake in find(lines, number))


def _reach(lines: Sequence[str], number: int, mistake: Mistake) -> float:
    """Return the line that the parser gets to without a mistake."""
    text = "\n".join([*lines[:number], mistake.corrected, *lines[number + 1 :]])
    try:
        for _ in yaml.parse(text, Loader=_LOADER):
            pass
    except yaml.YAMLError as error:
        return complaint_of(error, text).start[0] - mistake.corrected.count("\n")
    return math.inf


def _public(advice: str, line: str) -> str:
    """Return an advice that shows no password: what it makes of a line may hide one from ``conceal``."""
    without = "correct it, and take the user and password out of the address"
    return advice if conceal(line) == line else without


def _at(place: Place, problem: str, advice: str) -> Diagnostic:
    return diagnostic(rules.YAML_SYNTAX, place, problem=problem, advice=advice)


def _place(file: str, lines: Sequence[str], mark: tuple[int, int]) -> Place:
    number = min(mark[0], len(lines) - 1)
    while number and not lines[number].strip():
        number -= 1  # the parser gives up behind the last line
    source = lines[number]
    column = min(mark[1], len(source)) if number == mark[0] else len(source)
    token = _TOKEN.match(source, column)
    return Place(file, number + 1, column + 1, len(token.group()) if token else 1, source)


def _unclosed(complaint: Complaint, file: str, lines: Sequence[str]) -> Diagnostic:
    """A bracket or quote: where it opens says more than where the parser gives up."""
    opened = replace(_place(file, lines, complaint.start), width=1)
    detected = _place(file, lines, complaint.mark)
    if opened.column > len(opened.source):  # the file ends behind a bracket or a comma
        opened = replace(_place(file, lines, _last_open(lines)), width=1)
    sign, rest = opened.source[opened.column - 1], opened.source[opened.column :]
    related = () if detected.line == opened.line else ((replace(detected, width=1), "noticed here"),)
    if sign in "'\"":
        unclosed = _at(opened, f"this {sign} is never closed", f"close it with another {sign}")
        return replace(unclosed, related=related)
    if opened.line == detected.line and detected.source[detected.column - 1 :].strip():
        advice = f"separate entries with commas, and close `{sign}`; quote text that holds one of `,[]{{}}`"
        return _at(detected, f"this does not fit behind the `{sign}` in column {opened.column}", advice)
    if detected.line > opened.line and _starts(detected.source) == detected.column > _key_starts(
        opened.source
    ):
        advice = f"end the line above with a comma, or close the `{sign}` of line {opened.line} there"
        return _at(detected, "a comma is missing before this entry", advice)
    closing = "}" if sign == "{" else "]"
    advice = f"add `{closing}`" + (" in front of the comment" if re.search(rf"\s#.*\{closing}", rest) else "")
    return replace(_at(opened, f"this `{sign}` is never closed", advice), related=related)


def _starts(line: str) -> int:
    return len(line) - len(line.lstrip()) + 1


def _key_starts(line: str) -> int:
    """Return the column of a line's key, behind the dashes of a list's entry."""
    dashes = re.match(r"\s*(?:- +)*", line)
    return dashes.end() + 1 if dashes else 1


def _last_open(lines: Sequence[str]) -> tuple[int, int]:
    """Return where the last bracket stands that is not closed again; texts may close one for the eye alone."""
    every: list[tuple[int, int]] = []
    opened: list[tuple[tuple[int, int], str]] = []
    for number, line in enumerate(lines):
        for column, sign in enumerate(line):
            if sign in _CLOSING:
                every.append((number, column))
                opened.append((every[-1], _CLOSING[sign]))
            elif opened and sign == opened[-1][1]:
                opened.pop()
    return opened[-1][0] if opened else every[-1]


_CLOSING = {"[": "]", "{": "}"}
_TRANSLATIONS = {
    "found a tab character": TAB,
    "mapping values are not allowed in this context": (
        "a `: ` is not allowed here",
        "quote a value that contains `: `; start a key on a new line, in the column of the keys beside it"),
    "block sequence entries are not allowed": (
        "a list entry is not allowed here", "start each `- ` on a new line"),
    "did not find expected key": (
        "this line does not fit the keys above", "start it in the same column as the keys that it belongs to"),
    "did not find expected '-' indicator": (
        "this line is not a list entry like the lines above",
        "start it with `- `, or in the column of the key that it belongs to"),
    "did not find expected node content": (
        "a value is missing here, or starts with a sign that has a meaning in YAML",
        "remove a comma too many, or a `- ` in brackets; quote a text that starts with such a sign"),
    "found undefined alias": (
        "no earlier anchor has this name",
        "define it with `&NAME` before it is used with `*NAME`; put a text that starts with `*` in quotes"),
    "second occurrence": ("an earlier anchor has this name", "give this one another name"),
    "but found another document": (
        "a second document starts here", "remove the line with `---` or `...`: one file is one document"),
    "did not find expected <document start>": (
        "the document has ended before this line",
        "start the line in the column of the keys that it belongs to, or remove a line with `---` or `...` above it"),
    "control characters are not allowed": ("this is an invisible control character", "remove it"),
    "could not find expected ':'": (
        "this line is neither `key: value` nor a list entry",
        "write `key: value`, or `- value` in a list; indent it further if it continues the text above"),
    "did not find expected comment or line break": (
        "a text cannot start with this sign", "put the text in quotes"),
}  # fmt: skip
"""How libyaml's words begin, to a sentence and its help."""


def _translated(complaint: Complaint, lines: Sequence[str]) -> tuple[str, str]:
    """Return the sentence and the help for libyaml's words."""
    line, column = complaint.mark
    source = lines[line] if line < len(lines) else ""
    if complaint.words == "found character that cannot start any token":
        quote = f"a value cannot start with {source[column : column + 1]}", "put the value in quotes"
        return TAB if "\t" in source[: column + 1] else quote
    if complaint.words == "found unknown escape character":
        problem = f"`{source[column : column + 2]}` is not an escape sequence of YAML"
        return problem, "put the text in single quotes, where a \\ is a \\"
    if complaint.words == "did not find expected key" and source[:column].strip():
        return "this is not allowed after the value before it", "remove it, or put the value in quotes"
    words = f"{complaint.words} {complaint.context}".strip()
    unknown = f"not valid YAML: {words}", "compare the punctuation with the lines around it"
    return next((text for start, text in _TRANSLATIONS.items() if complaint.words.startswith(start)), unknown)
