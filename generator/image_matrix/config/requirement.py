"""Python requirements by their grammar, beyond what a pattern can say: PEP 508 without addresses."""

from __future__ import annotations

import re

from image_matrix.config import versions

_NAME = re.compile(r"[A-Za-z0-9._-]+(\[[^\]]*\])?")
_CLAUSE = re.compile(r"\s*(==|>=|<=|~=|!=|<|>)\s*(.*?)\s*")


def mistake(requirement: str) -> str | None:
    """Return what is wrong with a requirement, and what to write; ``None`` where nothing is."""
    wanted, semicolon, marker = requirement.partition(";")
    for operator, version in clauses(wanted):
        said = versions.mistake(operator, version)
        if said:
            return said
    if not semicolon:
        return None
    from image_matrix.config import markers

    return markers.mistake(marker)


def clauses(wanted: str) -> list[tuple[str, str]]:
    """Return operators and versions of a requirement without its marker."""
    name = _NAME.match(wanted)
    rest = wanted[name.end() :] if name else ""
    found = (_CLAUSE.fullmatch(clause) for clause in rest.split(","))
    return [(match[1], match[2]) for match in found if match]
