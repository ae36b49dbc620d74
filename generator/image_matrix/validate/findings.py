"""Words findings that many checks share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.model import DECLARED_IN
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from image_matrix.diagnostics import Finding, Path, Target


_MACHINE = re.compile(r"(?<![A-Za-z0-9])(amd64|x86[_-]64|arm64|aarch64)(?![A-Za-z0-9])")
"""Names of architectures that people put into addresses and paths."""


def one_machine(path: Path, what: str, text: str, archs: Sequence[str]) -> Iterator[Finding]:
    """Yield the finding of a text that is the same for several architectures, and names one of them."""
    names = set(_MACHINE.findall(text)) if len(archs) > 1 else set()
    named = {"arm64" if name in ("arm64", "aarch64") else "amd64" for name in names}
    if len(named) == 1:  # a text that names both may well be for both
        fields = {"what": what, "archs": " and ".join(archs), "machine": min(names), "arch": named.pop()}
        yield rules.ONE_MACHINE.at(path, **fields)


def once_a_place(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first finding of each place: variants that share it have the same."""
    seen: set[Path] = set()
    for finding in findings:
        if finding.path not in seen:
            seen.add(finding.path)
            yield finding


def bad_value(path: Path, problem: str, advice: str, target: Target = "value") -> Finding:
    """Return the finding of a value that has the right type, but is not valid in its field."""
    return rules.BAD_VALUE.at(path, target, problem=problem, advice=advice)


def unknown(
    path: Path, what: str, name: str, known: Iterable[str], advice: str = "", target: Target = "value"
) -> Finding:
    """Return the finding of a name that is not declared; without ``advice``, it suggests a similar one."""
    names = set(known)
    declare = f"declare it under `{DECLARED_IN[what]}:`" if what in DECLARED_IN and not names else ""
    advice = advice or declare or did_you_mean(name, names)
    where = human(path[:-1])
    return rules.UNKNOWN_REFERENCE.at(path, target, where=where, what=what, name=name, advice=advice)


def unknown_value(path: Path, where: Path, axis: str, value: str, known: Iterable[str]) -> Finding:
    """Return the finding of a value that an axis does not have; ``where`` selects among its values."""
    advice = did_you_mean(value, known)
    return rules.UNKNOWN_AXIS_VALUE.at(path, where=human(where), axis=axis, value=value, advice=advice)
