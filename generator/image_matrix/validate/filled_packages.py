"""Checks package entries with placeholders once the values of a variant are put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config import requirement
from image_matrix.config.pattern import fits
from image_matrix.config.placeholders import fill, unknown_placeholders
from image_matrix.config.resolve import placeholder_values
from image_matrix.config.schema import schema
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.references import every_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

DEFINITIONS: dict[Manager, str] = {
    "apt": "aptPackage",
    "pip": "pipPackage",
    "conda": "condaPackage",
    "npm": "npmPackage",
    "extensions": "extension",
}
"""The definition in the schema of an entry; names of CRAN packages have no placeholders."""


def unreadable(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Entries that no installer reads after the values of a variant are put in."""
    for path, manager, text in _with_placeholders(matrix):
        for item in expanded.values():
            values = placeholder_values(
                matrix.images[item.image], item.values, expanded.get(item.parent or ""), None
            )
            entry = fill(text, values)
            if entry in item.packages.get(manager, ()) and not any(unknown_placeholders(text, values)):
                definition = schema()["$defs"][DEFINITIONS[manager]]
                advice = _problem(manager, entry, definition)
                if advice:
                    what = definition["x-noun"]
                    yield rules.BAD_PACKAGE.at(
                        path, value=f"{entry}` of `{item.id}", what=what, advice=advice
                    )
                    break


def _problem(manager: Manager, entry: str, definition: Mapping[str, str]) -> str | None:
    if not fits(definition["x-filled"], entry):
        return definition["x-hint"]
    return requirement.problem(entry) if manager == "pip" else None


def _with_placeholders(matrix: Matrix) -> Iterator[tuple[Path, Manager, str]]:
    for path, settings in every_settings(matrix):
        for manager, items in settings.packages.items():
            for position, text in enumerate(items):
                if "{" in text:
                    yield (*path, manager, position), manager, text
