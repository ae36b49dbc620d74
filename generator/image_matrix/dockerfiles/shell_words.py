"""Reads the commands of a shell's script, as far as their words can be known without running it.

Source: pubs.opengroup.org/onlinepubs/9799919799, "Shell Command Language", 2.6 and 2.9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.expansion import expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOT_KNOWN = "?"
"""What stands in a word for what only a run knows: the output of a command, a variable that nobody sets here."""
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
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
    variable that the script sets more than once, or only sometimes, is not known.
    """
    plain, inner = _without_outputs(_COMMENT.sub("", script.replace("\\\n", " ")))
    known = {**dict.fromkeys(_USED.findall(plain), NOT_KNOWN), **values}
    known |= _set(plain, known)
    for command in _ENDS.split(expand(re.sub("[\"']", "", plain), known)):
        yield command.split()
    for one in inner:
        yield from commands(one, known)


def _without_outputs(script: str) -> tuple[str, list[str]]:
    """Return a script without the commands whose outputs stand in it, and those."""
    inner = []
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
