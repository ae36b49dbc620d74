"""Checks the data of axis values: every value of an axis has the same names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.placeholders import PARTS
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import AxisData, Matrix
    from image_matrix.diagnostics import Finding, Path


def incomplete(matrix: Matrix) -> Iterator[Finding]:
    """Data that only some values of an axis have, and names that versions have already."""
    for path, values in _declared(matrix):
        names = dict.fromkeys(name for data in values.values() for name in data)
        for value, data in values.items():
            for name in (name for name in names if name not in data):
                other = next(other for other, has in values.items() if name in has)
                problem = f"`{value}` has no `{name}`, but `{other}` has it"
                advice = f"add `{name}: TEXT`; what a single value has differently is an override of an image"
                yield bad_value((*path, value), problem, advice, "key")
            for name in (name for name in data if name in PARTS):
                problem = f"`{{{path[-1]}.{name}}}` is a part of a version"
                yield bad_value((*path, value, name), problem, "name it otherwise", "key")


def _declared(matrix: Matrix) -> Iterator[tuple[Path, Mapping[str, Mapping[str, str]]]]:
    shared: AxisData = matrix.axis_data
    for axis, values in shared.items():
        yield ("axes", axis), values
    for name, image in matrix.images.items():
        for axis, values in image.axis_data.items():
            if values and values is not shared.get(axis):
                yield ("images", name, "axes", axis), values
