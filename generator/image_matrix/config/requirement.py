"""Checks Python requirements (PEP 508): finds those that uv refuses, and suggests what to write instead.

``packaging`` parses them. Its errors name the grammar's rule that was expected next; the hints here name the text to
write.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.config import direct_reference
from image_matrix.diagnostics import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.requirements import Requirement

_NAME = re.compile(r"[A-Za-z0-9._-]+(\[[^\]]*\])?")
_CLAUSE = re.compile(r"\s*(===|==|>=|<=|~=|!=|<|>)\s*(.*?)\s*")
EXACT = ("==", "!=")
"""Operators that take a series (``1.17.*``) and what a builder adds (``+cpu``)."""

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
"""What a marker can compare; packaging.python.org/en/latest/specifications/dependency-specifiers."""
_FORMER = (
    "os.name",
    "sys.platform",
    "platform.version",
    "platform.machine",
    "platform.python_implementation",
)
"""Former names of the same, which packaging and uv still read; so is ``python_implementation``."""
_KNOWN = (*NAMES, *_FORMER, "python_implementation")
_VERSIONS = ("python_version", "python_full_version", "implementation_version")
_COMPARISON = re.compile(
    r"""(?P<left>'[^']*'|"[^"]*"|[\w.]+)\s*(?P<operator>[<>=!~]+|\b(?:not\s+)?in\b)\s*(?P<right>'[^']*'|"[^"]*"|[\w.]+)"""
)
_LIKE = "write, for example, `python_version < '3.12'`"


@cache
def parse(text: str) -> Requirement:
    """Parse a requirement; raises :class:`packaging.requirements.InvalidRequirement`."""
    from packaging.requirements import Requirement

    return Requirement(text)


def pinned(text: str) -> str | None:
    """Return the version that a requirement pins by ``==`` for every platform; a series (``2.*``) is one, too."""
    from packaging.requirements import InvalidRequirement

    try:
        requirement = parse(text)
    except InvalidRequirement:
        return None
    clauses = [*requirement.specifier]
    if len(clauses) != 1 or requirement.marker or clauses[0].operator not in ("==", "==="):
        return None
    version: str = clauses[0].version
    return version


def problem(text: str) -> str | None:
    """Return what is wrong with a requirement and what to write; ``None`` if uv reads it."""
    from packaging.requirements import InvalidRequirement

    specifier, semicolon, marker = text.partition(";")
    hints = [_version_problem(operator, version) for operator, version in _clauses(specifier)]
    hints += [_marker_problem(marker)] if semicolon else []
    try:
        parsed = parse(text)
        hints.append(direct_reference.problem(parsed.url) if parsed.url else None)
    except InvalidRequirement as error:
        hints.append(str(error).partition("\n")[0].lower())
    return next((hint for hint in hints if hint), None)


def _clauses(specifier: str) -> Iterator[tuple[str, str]]:
    """Yield operators and versions of a requirement without its marker."""
    name = _NAME.match(specifier)
    for clause in specifier[name.end() :].split(",") if name else ():
        if match := _CLAUSE.fullmatch(clause):
            yield match[1], match[2]


def _version_problem(operator: str, version: str) -> str | None:
    if _is_specifier(
        "==" if operator == "===" else operator, version
    ):  # uv wants a version behind `===`, too
        return None
    series = re.sub(r"(\.[xX*])+$", ".*", version)
    start, _, local = version.partition("+")
    if operator not in EXACT and _is_specifier("==", version):
        if series.endswith(".*"):
            return f"`{operator}` cannot be followed by `.*`; write `{_series(operator, series)}`"
        if local:
            return f"`+{local}` cannot be compared with `{operator}`; write `{operator}{start}`"
        longer = re.sub(r"^(v?(?:\d+!)?\d+)", r"\1.0", version)
        return f"`~=` needs two numbers; write `~={longer}`, which takes every {re.match('v?[0-9!]+', version)[0]}.*"  # type: ignore[index]
    if _is_specifier("==", series):
        return f"`{version}` is not a version; write `{_series(operator, series)}`"
    example = f"write one such as `{operator}1.17.1`, or the name alone for the newest"
    return f"`{version}` is not a version; {example}"


def _series(operator: str, series: str) -> str:
    """Return how an operator asks for a series: ``~=1.*`` is meant as ``==1.*``, ``>=1.*`` as ``>=1``."""
    if operator in EXACT:
        return f"{operator}{series}"
    return f"=={series}" if operator == "~=" else f"{operator}{series.removesuffix('.*')}"


def _is_specifier(operator: str, version: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, Specifier

    try:
        Specifier(f"{operator}{version}")
    except InvalidSpecifier:
        return False
    return True


def _marker_problem(marker: str) -> str | None:
    if not marker.strip():
        return f"a marker is missing; {_LIKE}"
    for match in _COMPARISON.finditer(marker):
        if hint := _comparison_problem(*match.groups()):
            return hint
    return None if _is_marker(marker) else f"`{marker.strip()}` is not a marker; {_LIKE}"


def _comparison_problem(left: str, operator: str, right: str) -> str | None:
    """Return what is wrong with the two values that an operator compares."""
    for value, other in ((left, right), (right, left)):
        if not _quoted(value) and value not in _KNOWN:
            if _quoted(other):
                return f"`{value}` is not a marker; {did_you_mean(value, NAMES)}"
            sides = (f"'{side}'" if side == value else side for side in (left, operator, right))
            return f"put `{value}` in quotes: `{' '.join(sides)}`"
        version = other[1:-1].removesuffix(".*")
        if (
            value in _VERSIONS
            and _quoted(other)
            and not operator.endswith("in")
            and not _is_specifier("==", version)
        ):
            return f"`{other[1:-1]}` is not a version; {_LIKE}"
    return None


def _quoted(text: str) -> bool:
    return text[:1] in ("'", '"')


def _is_marker(marker: str) -> bool:
    from packaging.markers import InvalidMarker, Marker

    try:
        Marker(marker)
    except InvalidMarker:
        return False
    return "===" not in re.sub(r"'[^']*'|\"[^\"]*\"", "", marker)  # uv does not know it here
