"""Environment markers behind a requirement's ``;``: the grammar of PEP 508, as uv reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from image_matrix.config.versions import is_series, is_version
from image_matrix.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["value", "operator", "and", "(", ")", "other"]

NAMES = (
    "python_version",
    "python_full_version",
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "implementation_name",
    "implementation_version",
    "extra",
)
"""What can be compared; packaging.python.org/en/latest/specifications/dependency-specifiers."""
_FORMER = (
    *("os.name", "sys.platform", "platform.version", "platform.machine"),
    *("platform.python_implementation", "python_implementation"),
)
_VERSIONS = ("python_version", "python_full_version", "implementation_version")
_TOKEN = re.compile(r"""\s*('[^']*'|"[^"]*"|[()]|[<>=!~]+|not\s+in\b|[A-Za-z0-9_.*+-]+|\S)""")
_OPERATORS = ("==", "!=", "<=", ">=", "<", ">", "~=", "in", "not in")
_BRACKETS: dict[str, Kind] = {"(": "(", ")": ")"}
_LIKE = "write it like `python_version < '3.12'`"


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a marker."""

    text: str

    @property
    def quoted(self) -> bool:
        """Whether it is a value."""
        return len(self.text) > 1 and self.text[0] in "'\""

    @property
    def word(self) -> bool:
        """Whether it is meant as a name, or as a value without quotes."""
        return self.kind == "other" and re.match(r"\w", self.text) is not None

    @property
    def kind(self) -> Kind:
        """What it can stand for."""
        if self.text in _BRACKETS:
            return _BRACKETS[self.text]
        if self.text in ("and", "or"):
            return "and"
        if self.text in _OPERATORS:
            return "operator"
        known = self.text in NAMES or self.text in _FORMER
        return "value" if known or self.quoted else "other"


def mistake(marker: str) -> str | None:
    """Return what is wrong with a marker, and what to write; ``None`` where nothing is."""
    tokens = [Token(" ".join(found.split())) for found in _TOKEN.findall(marker)]
    for at, token in enumerate(tokens):
        said = _comparison(tokens, at) if token.kind == "operator" else None
        if said:
            return said
    if _is_marker(tokens):
        return None
    return f"`{marker.strip()}` is no marker; {_LIKE}" if tokens else f"a marker is missing; {_LIKE}"


def _comparison(tokens: Sequence[Token], at: int) -> str | None:
    """Return what is wrong with the two values that an operator compares."""
    if not 0 < at < len(tokens) - 1:
        return None
    left, operator, right = tokens[at - 1 : at + 2]
    for token, other in ((left, right), (right, left)):
        if token.word and other.quoted:
            return f"`{token.text}` is no marker; {did_you_mean(token.text, NAMES)}"
        if token.word:
            sides = (f"'{item.text}'" if item is token else item.text for item in (left, operator, right))
            return f"put `{token.text}` in quotes: `{' '.join(sides)}`"
        if token.text in _VERSIONS and other.quoted and not operator.text.endswith("in"):
            value = other.text[1:-1]
            if not (is_version(value) or is_series(value)):
                return f"`{value}` is no version; {_LIKE}"
    return None


def _is_marker(tokens: Sequence[Token]) -> bool:
    """Reduce comparisons, what ``and`` and ``or`` join, and parentheses, until one is left."""
    signs = {"value": "v", "operator": "o", "and": "a", "(": "(", ")": ")", "other": "?"}
    left, before = "".join(signs[token.kind] for token in tokens).replace("vov", "x"), ""
    while left != before:
        left, before = re.sub(r"xax|\(x\)", "x", left), left
    return left == "x"
