"""Reads which user a Dockerfile leaves an image with; docs.docker.com/reference/dockerfile, ``USER``."""

from __future__ import annotations

import re

_INSTRUCTION = re.compile(r"^[ \t]*(FROM|USER|ENV)[ \t]+(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_VARIABLE = re.compile(r"""\b(\w+)=("[^"$]*"|'[^'$]*'|[^\s"'$]+)""")
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?")


def last_user(dockerfile: str) -> str | None:
    """Return the user that the last stage sets, ``None`` if it sets none, empty if its text is not understood.

    A variable is replaced by what an ``ENV`` of the same stage sets it to.
    """
    user, variables = None, dict[str, str]()
    for instruction, text in _INSTRUCTION.findall(dockerfile):
        if instruction.upper() == "FROM":
            user, variables = None, {}
        elif instruction.upper() == "USER":
            user = text
        else:
            variables |= {name: value.strip("\"'") for name, value in _VARIABLE.findall(text)}
    if user is None:
        return None
    filled = _REFERENCE.sub(lambda match: variables.get(match[1] or match[2], "$"), user.strip("\"'"))
    return filled if _USER.fullmatch(filled) else ""
