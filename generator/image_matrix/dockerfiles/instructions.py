"""Splits a Dockerfile into instructions, as BuildKit does: directives, continued lines, comments, flags, heredocs.

Source: github.com/moby/buildkit, frontend/dockerfile/parser. The tests compare the result with that parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
_DIRECTIVES = ("syntax", "escape", "check")
HEREDOC = re.compile(r"\d*<<(?P<chomp>-?)(?P<name>[^<]+)")
"""A word that starts a heredoc."""
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")


class DockerfileError(Exception):
    """A Dockerfile cannot be read; has the number of the line, from 1, and the name of an argument without a value."""

    def __init__(self, line: int, problem: str, unset: str | None = None) -> None:
        self.line, self.unset = line, unset
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile."""

    name: str
    """In capitals: ``COPY``."""
    flags: tuple[tuple[str, str], ...]
    """Its flags without the dashes: ``("from", "build")``."""
    text: str
    """What follows the flags, in one line."""
    line: int
    """The number of its first line, from 1."""
    heredocs: tuple[str, ...] = ()
    """The contents of its heredocs."""

    def flag(self, name: str) -> str | None:
        """Return the value of a flag, or ``None`` if the instruction does not have it."""
        return next((value for key, value in self.flags if key == name), None)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The instructions of a Dockerfile and its directives."""

    instructions: tuple[Instruction, ...]
    lines: tuple[str, ...]
    syntax: str | None = None
    """The frontend that its first lines name."""
    escape: str = "\\"

    @property
    def with_later(self) -> tuple[Instruction, ...]:
        """The instructions, with those of ``ONBUILD`` as if they ran here."""
        return tuple(without_trigger(item, self.escape) for item in self.instructions)


def split_lines(text: str) -> list[str]:
    """Return the lines of a text as BuildKit counts them: they end with a line feed, perhaps after a carriage return.

    Python's own ``splitlines`` also ends them at a form feed, at U+2028 and at others, which may stand in a comment.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return lines if lines[-1] else lines[:-1]


def parse(text: str) -> Dockerfile:
    """Split the text of a Dockerfile; raises :class:`DockerfileError` for a heredoc that does not end."""
    lines = split_lines(text.removeprefix("\ufeff"))
    directives = _directives(lines)
    escape = directives.get("escape", "\\")
    if escape not in ("\\", "`"):
        raise DockerfileError(1, f"the escape character is `{escape}`: it can be \\ or `")
    instructions = tuple(_instructions(lines, escape))
    syntax = directives.get("syntax", "").partition(" ")[0] or None
    return Dockerfile(instructions, tuple(lines), syntax, escape)


def _directives(lines: Sequence[str]) -> dict[str, str]:
    """Return the parser directives; the first line that is none ends them."""
    directives: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.fullmatch(line)
        if match is None or match[1].lower() not in _DIRECTIVES:
            break
        directives[match[1].lower()] = match[2]
    return directives


def _instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    at = 0
    while at < len(lines):
        start = at
        text, at = _joined(lines, at, escape)
        if not text.strip():
            continue
        name, flags, rest = _split(text.strip(), escape)
        heredocs: list[str] = []
        done = _split(rest, escape) if name == "ONBUILD" and rest else (name, flags, rest)
        if done[0] in _WITH_HEREDOCS and not done[2].startswith("["):
            for word in words(rest, escape):
                match = HEREDOC.fullmatch(word)
                if match:
                    content, at = _heredoc(lines, at, _unquoted(match["name"]), bool(match["chomp"]), start)
                    heredocs.append(content)
        yield Instruction(name, flags, rest, start + 1, tuple(heredocs))


def without_trigger(item: Instruction, escape: str) -> Instruction:
    """Return what an ``ONBUILD`` has run later; any other instruction is returned as it is."""
    if item.name != "ONBUILD" or not item.text:
        return item
    name, flags, rest = _split(item.text, escape)
    return Instruction(name, flags, rest, item.line, item.heredocs)


def _joined(lines: Sequence[str], at: int, escape: str) -> tuple[str, int]:
    """Return one logical line, and the position behind it. Comments and empty lines within it are left out."""
    continued = re.compile(rf"(?:(?<=[^{re.escape(escape)}])|^){re.escape(escape)}[ \t]*$")
    parts: list[str] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            if parts:
                continue
            return "", at
        match = continued.search(line)
        parts.append(line[: match.start()] if match else line)
        if not match:
            break
    return "".join(part if number else part.lstrip() for number, part in enumerate(parts)), at


def _heredoc(lines: Sequence[str], at: int, name: str, chomp: bool, start: int) -> tuple[str, int]:
    content: list[str] = []
    for position in range(at, len(lines)):
        line = lines[position].lstrip("\t") if chomp else lines[position]
        if line == name:
            return "".join(f"{one}\n" for one in content), position + 1
        content.append(line)
    raise DockerfileError(start + 1, f"the heredoc `{name}` does not end")


def _unquoted(name: str) -> str:
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'" else name


def _split(text: str, escape: str) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """Return the name of an instruction, its flags and the rest."""
    name, _, rest = _partition(text)
    flags: list[tuple[str, str]] = []
    while rest.startswith("--"):
        first = next(words(rest, escape))
        rest = rest[len(first) :].lstrip()
        if first == "--":
            break
        key, _, value = first[2:].partition("=")
        flags.append((key, plain(value, escape)))
    return name.upper(), tuple(flags), rest


def _partition(text: str) -> tuple[str, str, str]:
    first, *rest = text.split(None, 1)
    return first, " ", rest[0] if rest else ""


def words(text: str, escape: str = "\\") -> Iterator[str]:
    """Yield the words of a text with their quotes; quoted and escaped spaces do not end a word."""
    word, quote, skip = "", "", False
    for char in text:
        if skip:
            word, skip = word + char, False
        elif char == escape and quote != "'":
            word, skip = word + char, True
        elif quote:
            word, quote = word + char, "" if char == quote else quote
        elif char.isspace():
            if word:
                yield word
            word = ""
        else:
            word, quote = word + char, char if char in "\"'" else ""
    if word:
        yield word


def plain(value: str, escape: str) -> str:
    """Return the value of a flag, or a path, without quotes and escapes."""
    result, quote, skip = "", "", False
    for char in value:
        if skip:
            result, skip = result + char, False
        elif char == escape and quote != "'":
            skip = True
        elif char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        else:
            result += char
    return result
