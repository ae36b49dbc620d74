"""Decides which files of a build context ``.dockerignore`` leaves out.

Source: github.com/moby/patternmatcher (``MatchesUsingParentResults``) and its ``ignorefile``;
docs.docker.com/build/concepts/context/#dockerignore-files.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from image_matrix.dockerfiles.instructions import split_lines

_ESCAPED = ".+()|{}$^"
"""Characters that a regular expression would not take as they are."""


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """A line of ``.dockerignore``."""

    text: str
    expression: re.Pattern[str]
    is_exception: bool = False
    """Whether it starts with ``!``: what fits it is sent."""


Ignore = tuple[IgnorePattern, ...]


def read_ignore(text: str) -> Ignore:
    """Read the text of a ``.dockerignore``; lines that are no pattern are left out, as a pattern that fits nothing."""
    patterns = []
    for number, line in enumerate(split_lines(text.removeprefix("\ufeff"))):
        if line.startswith("#") or (number == 0 and not line):
            continue
        pattern = line.strip()
        is_exception = pattern.startswith("!")
        cleaned = _cleaned(pattern.removeprefix("!").strip())
        if cleaned:
            patterns.append(IgnorePattern(cleaned, _expression(cleaned), is_exception))
    return tuple(patterns)


def _cleaned(pattern: str) -> str:
    if not pattern:
        return ""
    path = re.sub("^//+", "/", posixpath.normpath(pattern))
    return path[1:] if len(path) > 1 and path.startswith("/") else path


def _expression(pattern: str) -> re.Pattern[str]:
    """Translate a pattern: ``**`` fits any folders, ``*`` and ``?`` do not fit ``/``."""
    if pattern.startswith("**") and not re.search(r"[*?\[\]\\]", pattern[2:]):
        rest = pattern[2:]  # a fast path of the original, with a meaning of its own: the end of the path
        start = "(?:.*/)?" if rest.startswith("/") else ".*"
        return re.compile(f"(?s:{start}{re.escape(rest.removeprefix('/'))})")
    result, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*" and pattern.startswith("*", at):
            at += 2 if pattern.startswith("*/", at) else 1
            result += ".*" if at == len(pattern) else "(?:.*/)?"
        elif char == "*":
            result += "[^/]*"
        elif char == "?":
            result += "[^/]"
        elif char in _ESCAPED:
            result += f"\\{char}" if not (char == "^" and result.endswith("[")) else char
        elif char == "\\" and at < len(pattern):
            result, at = result + re.escape(pattern[at]), at + 1
        else:
            result += "\\\\" if char == "\\" else char
    try:
        return re.compile(f"(?s:{result})")
    except re.error:
        return re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a path is left out, and which patterns fit it or a folder above it."""

    is_ignored: bool = False
    fitting: tuple[bool, ...] = ()


NO_MATCH = Match()


def match_path(ignore: Ignore, path: str, above: Match = NO_MATCH) -> Match:
    """Return whether a path below the context is left out; ``above`` is the result of its folder."""
    is_ignored = False
    fitting = []
    for at, pattern in enumerate(ignore):
        fits = above.fitting[at] if above.fitting else False
        if not fits and pattern.is_exception == is_ignored:
            fits = pattern.expression.fullmatch(path) is not None
        if fits:
            is_ignored = not pattern.is_exception
        fitting.append(fits)
    return Match(is_ignored, tuple(fitting))


def can_skip(ignore: Ignore, match: Match) -> bool:
    """Say whether nothing below an ignored folder can be sent: no pattern makes an exception."""
    return match.is_ignored and not any(pattern.is_exception for pattern in ignore)
