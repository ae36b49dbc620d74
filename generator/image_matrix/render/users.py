"""Reads which user a Dockerfile leaves an image with; docs.docker.com/reference/dockerfile, ``USER``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

_INSTRUCTION = re.compile(r"^[ \t]*(FROM|USER|ENV)[ \t]+(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_VARIABLE = re.compile(r"""\b(\w+)=("[^"$]*"|'[^'$]*'|[^\s"'$]+)""")
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?")


def last_user(dockerfile: str, target: str | None = None) -> str | None:
    """Return the user that a stage sets, the last one if none is named.

    ``None`` if it sets none, empty if its text is not understood. A stage has the user and the variables of the stage
    that it is built from; a variable is replaced by what an ``ENV`` sets it to.
    """
    stages: dict[str, StageUser] = {}
    stage = StageUser()
    for instruction, text in _INSTRUCTION.findall(dockerfile):
        if instruction.upper() == "FROM":
            name = _FROM.fullmatch(text)
            stage = replace(stages.get(name[1].lower(), StageUser())) if name else StageUser()
            stages[(name[2] if name and name[2] else f"{len(stages)}").lower()] = stage
        elif instruction.upper() == "USER":
            stage.user = text
        else:
            stage.variables = stage.variables | {
                name: value.strip("\"'") for name, value in _VARIABLE.findall(text)
            }
    return _filled(stages.get((target or "").lower(), stage))


@dataclass
class StageUser:
    """What is read of a stage, line by line."""

    user: str | None = None
    variables: dict[str, str] = field(default_factory=dict)


def _filled(stage: StageUser) -> str | None:
    if stage.user is None:
        return None
    variables = stage.variables
    user = _REFERENCE.sub(lambda match: variables.get(match[1] or match[2], "$"), stage.user.strip("\"'"))
    return user if _USER.fullmatch(user) else ""
