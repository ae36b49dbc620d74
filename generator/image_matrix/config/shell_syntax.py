"""Finds shell syntax in commands: a command of the matrix is split into words and runs without a shell.

Source: POSIX.1-2024, Shell Command Language, 2.2 (Quoting) and 2.10 (Shell Grammar).
"""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"""
    '[^']*' | "(?:\\.|[^"\\])*" | \\.       # quoted: as it stands
    | (?P<shell>[|&;<>]+ | \$\w+ | \$[({] | `)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*\s+\S")


def shell_syntax(command: str) -> str:
    """Return the first piece outside of quotes that a shell would act on: a pipe, say, or a variable."""
    assignment = _ASSIGNMENT.match(command)
    if assignment:
        return command.split()[0]
    return next((piece["shell"] for piece in _PIECE.finditer(command) if piece["shell"]), "")
