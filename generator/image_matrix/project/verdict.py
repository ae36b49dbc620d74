"""Defines what ``check`` reports of a repository whose outputs are all up to date, also as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import Diagnostic, Place

if TYPE_CHECKING:
    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class Verdict:
    """The report on a repository without errors, in which no output is out of date."""

    warnings: tuple[Diagnostic, ...]
    """The warnings about the matrix."""
    of_outputs: tuple[Diagnostic, ...]
    """The warnings about the workflow and the templates."""
    floating: tuple[str, ...]
    """What is not in the lock."""


def as_json(verdict: Verdict) -> dict[str, Json]:
    """Return a verdict as data for JSON."""
    return asdict(verdict)


def of_json(data: Json) -> Verdict:
    """Return the verdict of :func:`as_json`; raises KeyError, TypeError or ValueError if it is none."""
    return Verdict(
        tuple(map(_diagnostic, data["warnings"])),
        tuple(map(_diagnostic, data["of_outputs"])),
        tuple(map(str, data["floating"])),
    )


def _diagnostic(data: Json) -> Diagnostic:
    related = tuple((Place(**place), str(note)) for place, note in data["related"])
    return Diagnostic(**{**data, "place": Place(**data["place"]), "related": related})
