"""Placeholders that nothing is put in for: misspelt, with a brace too few or too many, or without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.placeholders import ACCELERATOR, DOWNLOAD, names, strays
from image_matrix.config.resolve import matches
from image_matrix.config.schema import human
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.validate.addresses import of_mirrors
from image_matrix.validate.references import every_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.model import Accelerator, Matrix, Variant
    from image_matrix.diagnostics import Finding, Path


def unknown_placeholders(matrix: Matrix) -> Iterator[Finding]:
    """Braces in addresses, in accelerators' variables and in tests that are no placeholder there."""
    for name, item in matrix.downloads.items():
        yield from _unknown(("downloads", name, "url"), item.url, DOWNLOAD)
    for name, accelerator in matrix.accelerators.items():
        yield from _of_accelerator(("accelerators", name), accelerator)
    for path, settings in every_settings(matrix):
        yield from _unknown((*path, "pip_index"), settings.pip_index or "", ACCELERATOR)
        for name, version in settings.tests.get("versions", {}).items():
            yield from _not_closed((*path, "tests", "versions", name), version)
    yield from _in_mirrors(matrix)


def _unknown(path: Path, text: str, known: Collection[str]) -> Iterator[Finding]:
    for part in strays(text, known):
        yield _finding(path, part, _instead(part, known))


def _instead(part: str, known: Collection[str]) -> str:
    name = part.strip("{}")
    return (
        f"write `{{{name}}}`" if name in known else did_you_mean(f"{{{name}}}", (f"{{{n}}}" for n in known))
    )


def _of_accelerator(path: Path, item: Accelerator) -> Iterator[Finding]:
    """Its index and its variables; of these, what looks like a placeholder: a value may be JSON."""
    texts: list[tuple[Path, str]] = [((*path, "env", key), value) for key, value in item.env.items()]
    yield from _unknown((*path, "pip_index"), item.pip_index or "", ACCELERATOR)
    for place, text in texts:
        for part in strays(text, ACCELERATOR):
            name = part.strip("{}")
            if name in ACCELERATOR or (name.isidentifier() and part.startswith("{") and part.endswith("}")):
                yield _finding(place, part, _instead(part, ACCELERATOR))
    if not item.version:
        for place, text in [((*path, "pip_index"), item.pip_index or ""), *texts]:
            for name in names(text):
                if name in ACCELERATOR:
                    yield _finding(place, f"{{{name}}}", _no_version(item.name))


def _no_version(accelerator: str) -> str:
    return f'add `version: "13.0"`, or what it is, to `accelerators.{accelerator}`'


def _not_closed(path: Path, text: str) -> Iterator[Finding]:
    """Whether an image has the axis is said elsewhere."""
    for part in strays(text, names(text)):
        yield _finding(path, part, f"write `{{{part.strip('{}')}}}`")


def _in_mirrors(matrix: Matrix) -> Iterator[Finding]:
    advice = "write the address as it is after the version was put in: mirrors have no placeholders"
    for path, target, text in of_mirrors(matrix.mirrors):
        for part in strays(text, ()):
            yield rules.UNKNOWN_PLACEHOLDER.at(
                path, target, where=human(path), placeholder=part, advice=advice
            )


def indexes_without_version(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Package indexes of images whose accelerator has no version, or that have no accelerator."""
    for item in expanded.values():
        left = [name for name in names(item.pip_index or "") if name in ACCELERATOR]
        path = _says_index(matrix, item) if left else None
        if path:
            advice = (
                _no_version(item.accelerator)
                if item.accelerator
                else f"it is an accelerator's version, and `{item.image}` has none: "
                "write the version, or add `accelerator:`"
            )
            yield _finding(path, f"{{{left[0]}}}", advice)


def _says_index(matrix: Matrix, item: Variant) -> Path | None:
    """Return where an image itself says a variant's index; the last that says so wins."""
    image, path = matrix.images[item.image], None
    here: Path = ("images", item.image)
    if image.settings.pip_index:
        path = (*here, "pip_index")
    for at, override in enumerate(image.overrides):
        if override.settings.pip_index and matches(override.match, item.values):
            path = (*here, "overrides", at, "pip_index")
    return path


def _finding(path: Path, placeholder: str, advice: str) -> Finding:
    return rules.UNKNOWN_PLACEHOLDER.at(path, where=human(path), placeholder=placeholder, advice=advice)
