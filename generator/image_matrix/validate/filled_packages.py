"""Checks package entries with placeholders once the values of a variant are put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from image_matrix.config import requirement
from image_matrix.config.package_names import package_name
from image_matrix.config.pattern import fits
from image_matrix.config.placeholders import fill, unknown_placeholders
from image_matrix.config.schema import schema
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.filled_texts import settings_at, texts_of
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
            values = texts_of(matrix, expanded, item)
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


def repeated(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """One package twice in a list of a variant, at least once by a placeholder; once for each place."""
    if not any(_with_placeholders(matrix)):
        return
    seen: set[Path] = set()
    for item in expanded.values():
        for manager, items in item.packages.items():
            if len(items) > len({_distinct_key(manager, entry) for entry in items}):
                for name, first, second in _pairs(matrix, expanded, item, manager):
                    if second not in seen:
                        seen.add(second)
                        fields = {"name": f"{name}` of `{item.id}", "manager": manager}
                        yield rules.PACKAGE_TWICE.at(second, **fields).beside((first, "first listed here"))


def _distinct_key(manager: Manager, entry: str) -> str:
    """Return the name of a package and its marker: once for each platform or Python is no repetition."""
    return package_name(manager, entry) + entry.partition(";")[2]


def _pairs(
    matrix: Matrix, expanded: Mapping[str, Variant], item: Variant, manager: Manager
) -> Iterator[tuple[str, Path, Path]]:
    """Yield packages with the places of two entries, of which one has a placeholder."""
    first: dict[str, Path] = {}
    for entry in resolution_of(matrix, expanded, item).packages[manager]:
        place = (*entry.origin.path, manager, entry.position or 0)
        earlier = first.setdefault(_distinct_key(manager, entry.value), place)
        if earlier != place and any("{" in _entry(matrix, one) for one in (earlier, place)):
            yield package_name(manager, entry.value), earlier, place


def _entry(matrix: Matrix, place: Path) -> str:
    return settings_at(matrix, place[:-2]).packages[cast("Manager", place[-2])][int(place[-1])]


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
