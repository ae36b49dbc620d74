"""Reads the commands of a shell's script, as far as their words can be known without running it.

Source: pubs.opengroup.org/onlinepubs/9799919799, "Shell Command Language", 2.2, 2.3, 2.6 and 2.9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.expansion import expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_KNOWN = "?"
"""What stands in a word for what only a run knows: the output of a command, a variable that nobody sets here."""
_QUOTED = re.compile(
    r"\\.|'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<lone>[\"'])|(?P<comment>(?:^|(?<=\s))#[^\n]*)",
    re.MULTILINE | re.DOTALL,
)
"""What has another meaning than the letters say. A quote without its end is in text that no shell reads."""
_RUNS = re.compile(r"\s-[a-z]*c\s+\Z")
"""Before a script in single quotes that another shell reads: ``bash -ec '…'``."""
_LONE_BRACE = re.compile(r"\\.|\$\{(?![A-Za-z_][A-Za-z0-9_]*(?:[-:=+?#%/^,@\[][^\n}]{0,2000})?\})", re.DOTALL)
"""The start of no variable: it has no end in its line, or another program reads it.

The end is looked for in the next letters only: without a bound, a long line of such starts takes minutes.
"""
_ENDS = re.compile(r"[;&|()`\n]")
"""What ends a command."""
_OUTPUT = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")
"""A command in place of which its output stands; the innermost one."""
_USED = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_SETS = re.compile(
    r"(?:^|[;&|({\n])\s*(?:export\s+)?(?P<condition>(?:then|else|do)\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)="
    r"(?P<value>(?:\"[^\"]*\"|'[^']*'|[^\s;&|\"'])*)"
)


def commands(script: str, values: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the words of each command of a script without their quotes, also of commands within others.

    ``values`` are the variables that it starts with. Words have :data:`NOT_KNOWN` in place of what is not known. A
    variable that the script sets more than once, or only sometimes, is not known. In single quotes, there are none.
    """
    plain, inner = _without_inner(_QUOTED.sub(_without_comment, script.replace("\\\n", " ")))
    known = {**dict.fromkeys(_USED.findall(plain), NOT_KNOWN), **values}
    known |= _set(_QUOTED.sub(_value_alone, plain), known)
    text = _LONE_BRACE.sub(lambda match: f"\\{match[0]}" if match[0] == "${" else match[0], _unquoted(plain))
    for command in _ENDS.split(expand(text, known)):
        yield command.split()
    for one in inner:
        yield from commands(one, known)


def _without_comment(match: re.Match[str]) -> str:
    return "" if match["comment"] else match[0]


def _value_alone(match: re.Match[str]) -> str:
    """Return what is in quotes only where it is a value: a program of awk sets no variable of the shell."""
    is_value = match.string[match.start() - 1 : match.start()] == "="
    return "''" if match["single"] and not is_value else match[0]


def _unquoted(script: str) -> str:
    """Return a script without quotes; what stood in single ones is escaped, so that nothing there is a variable."""

    def text(match: re.Match[str]) -> str:
        inside = match["single"] if match["single"] is not None else match["double"] or match["lone"]
        kept = re.sub(r"\\?[\"']", "", match[0] if inside is None else inside)
        return re.sub(r"[\\$]", r"\\\g<0>", kept) if match["single"] is not None else kept

    return _QUOTED.sub(text, script)


def _without_inner(script: str) -> tuple[str, list[str]]:
    """Return a script without the scripts in it, and those: commands whose outputs it uses, and what ``-c`` runs."""
    inner: list[str] = []

    def take(match: re.Match[str]) -> str:
        if not match["single"] or not _RUNS.search(match.string[max(0, match.start() - 16) : match.start()]):
            return match[0]
        inner.append(match["single"])
        return NOT_KNOWN

    script = _QUOTED.sub(take, script)
    while match := _OUTPUT.search(script):
        inner.append(match[1] or match[2] or "")
        script = f"{script[: match.start()]}{NOT_KNOWN}{script[match.end() :]}"
    return script, inner


def _set(script: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a script sets itself."""
    variables: dict[str, str] = {}
    for match in _SETS.finditer(script):
        is_sure = match["name"] not in variables and not match["condition"]
        variables[match["name"]] = expand(match["value"], {**known, **variables}) if is_sure else NOT_KNOWN
    return variables
