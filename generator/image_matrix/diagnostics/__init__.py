"""Describes problems and their places in files.

:mod:`image_matrix.diagnostics.catalogue` has the rules, ``rules.yaml`` their words. A check returns a :class:`Finding`
at a path in the matrix. :func:`diagnose` turns findings into :class:`Diagnostic` values with lines and columns, sorted
by place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol

from image_matrix.diagnostics.redact import conceal
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Severity = Literal["error", "warning"]
Target = Literal["key", "value"]
Path = tuple[str | int, ...]
"""The path of a value in the matrix: ``("images", "base", "pip", 0)``."""

MOST_CHARACTERS = 300
"""Of a value in a message; the line of the matrix that is shown below it has the value anyway."""
_LONG_WORD = re.compile(rf"[^\s`]{{{MOST_CHARACTERS + 1},}}")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A part of one line in a file; line and column count from 1, width in characters."""

    file: str
    line: int
    column: int
    width: int = 1
    source: str = field(default="", compare=False)
    """The text of the line, without its end."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a rule, as ``rules.yaml`` has them."""

    message: str
    """One sentence, a ``str.format`` template over the finding's fields."""
    about: str
    """Why it is a problem and how to correct it, for ``image-matrix explain``."""
    help: str = "{advice}"
    """What to write or do instead, a template too."""
    bad: str = ""
    """An example."""
    good: str = ""
    """The example, corrected."""


@cache
def all_words() -> dict[str, Words]:
    """Return the words of every rule by code; they are read when the first problem is reported."""
    from importlib import resources

    import yaml

    text = (resources.files(__package__) / "rules.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {code: Words(**fields) for code, fields in yaml.load(text, loader).items()}  # noqa: S506 - a safe one


@dataclass(frozen=True, slots=True)
class Rule:
    """What can be wrong, by its code."""

    code: str
    name: str
    severity: Severity = "error"

    @property
    def words(self) -> Words:
        """Return its words and its documentation."""
        return all_words()[self.code]

    def at(self, path: Path, target: Target = "value", /, **fields: object) -> Finding:
        """Return a finding of this rule at ``path``; the field ``where`` is the path, if no other is given."""
        return Finding(self, path, target, {"where": human(path), **fields})


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a path of the matrix, without its line."""

    rule: Rule
    path: Path
    target: Target = "value"
    fields: Mapping[str, object] = field(default_factory=dict)
    related: tuple[tuple[Path, str], ...] = ()

    def beside(self, *related: tuple[Path, str]) -> Finding:
        """Return the same finding with related places, each with a note."""
        return replace(self, related=related)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding with its place and its texts, as users see it."""

    code: str
    name: str
    severity: Severity
    message: str
    help: str
    place: Place
    related: tuple[tuple[Place, str], ...] = ()


class Locator(Protocol):
    """Finds the place of a path of the matrix (:class:`image_matrix.config.document.Documents`)."""

    def place(self, path: Path, target: Target = "value") -> Place:
        """Return the place of the key or value at ``path``, or of its nearest ancestor that exists."""
        ...


def human(path: Path) -> str:
    """Return a path as users write it: ``images.base.pip[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"`{text}`" if text else "the matrix"


def printable(text: str) -> str:
    """Escape control and other invisible characters: a value must not control a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def diagnostic(rule: Rule, place: Place, **fields: object) -> Diagnostic:
    """Return the diagnostic of ``rule`` at a known place."""
    words = rule.words
    message, advice = (printable(conceal(text.format_map(fields))) for text in (words.message, words.help))
    parts = message.split("`")
    parts[1::2] = map(_cut_if_long, parts[1::2])  # what stands in backquotes
    return Diagnostic(
        rule.code, rule.name, rule.severity, _shortened("`".join(parts)), _shortened(advice), place
    )


def _shortened(text: str) -> str:
    """Cut words of hundreds of characters: a value that was written into the wrong place."""
    return _LONG_WORD.sub(lambda word: _cut_if_long(word[0]), text)


def _cut_if_long(value: str) -> str:
    return value if len(value) <= MOST_CHARACTERS else f"{value[:80]}…{value[-20:]}"


def diagnose(findings: Iterable[Finding], locator: Locator) -> list[Diagnostic]:
    """Return the diagnostics of findings, sorted by place.

    If aliases repeat one mistake, several paths have the same place: it is reported for one of them.
    """
    located = [(_located(finding, locator), finding.path) for finding in findings]
    located.sort(key=lambda pair: (pair[0].place, pair[0].code, pair[0].message))
    paths: dict[tuple[object, ...], Path] = {}
    reported: dict[Diagnostic, None] = {}
    for item, path in located:
        if paths.setdefault((item.place, item.code, item.help, item.related), path) == path:
            reported[item] = None
    return list(reported)


def _located(finding: Finding, locator: Locator) -> Diagnostic:
    item = diagnostic(finding.rule, locator.place(finding.path, finding.target), **finding.fields)
    return replace(item, related=tuple((locator.place(path), note) for path, note in finding.related))


def errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics that are errors."""
    return [item for item in diagnostics if item.severity == "error"]


class MatrixError(Exception):
    """The input is invalid (exit code 2); has all diagnostics, warnings included."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(f"{item.code} {item.message}" for item in self.diagnostics))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown name: the most similar known names, or a short list of all."""
    import difflib

    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.6)
    scores = [difflib.SequenceMatcher(None, name, item).ratio() for item in near]
    near = [item for item, score in zip(near, scores, strict=True) if score > scores[0] - 0.1]
    if near:
        return "did you mean " + " or ".join(f"`{item}`" for item in near) + "?"
    if not names:
        return "there is none to choose from"
    return f"known: {listed((f'`{item}`' for item in names), 8)}"
