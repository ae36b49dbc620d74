"""Says why images cannot be built from their folders: once for each field of the matrix that names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.diagnostics import Finding, Path


@dataclass(frozen=True, slots=True)
class ContextFault:
    """Why an image cannot be built from its folder."""

    path: Path
    """Of the field of the matrix that names what is wrong."""
    image: str
    problem: str
    advice: str
    missing: str = ""
    """The path of the file or folder that is not there; the problem is then its kind."""


def findings_of(faults: Iterable[ContextFault]) -> list[Finding]:
    """Return one finding for all variants that have a field of the matrix from the same place, and the same mistake.

    Missing files are one mistake, and missing folders; another problem is the same one if its advice is the same, too.
    """
    alike: dict[tuple[Path, str, str], list[ContextFault]] = {}
    for fault in faults:
        advice = "" if fault.missing else fault.advice
        alike.setdefault((fault.path, fault.problem, advice), []).append(fault)
    return [_finding(path, every) for (path, _, _), every in alike.items()]


def _finding(path: Path, faults: list[ContextFault]) -> Finding:
    images = list(dict.fromkeys(f"`{one.image}`" for one in faults))
    several = len(images) > 1
    problem, advice = _missing(path, faults) if faults[0].missing else (faults[0].problem, faults[0].advice)
    return rules.BAD_CONTEXT.at(
        path,
        images=f"image{'s' if several else ''} {listed(images, 3)}",
        its="their contexts" if several else "its context",
        problem=problem,
        advice=advice,
    )


def _missing(path: Path, faults: list[ContextFault]) -> tuple[str, str]:
    paths, what = list(dict.fromkeys(one.missing for one in faults)), faults[0].problem
    if len(paths) == 1:
        return f"there is no {what} {paths[0]}", faults[0].advice
    return f"there are no {what}s {listed(paths, 3)}", f"create them, or correct `{path[-1]}`"
