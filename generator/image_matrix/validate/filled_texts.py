"""Words the remedy for a text that the values of a variant's axes have made unfit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.filling import placeholder_values
from image_matrix.config.placeholders import version_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Matrix, Settings, Variant
    from image_matrix.diagnostics import Path


def settings_at(matrix: Matrix, path: Path) -> Settings:
    """Return the settings that are written at a path: those of an image, an override, a bundle or the defaults."""
    if path[0] == "defaults":
        return matrix.defaults
    if path[0] == "bundles":
        return matrix.bundles[str(path[1])]
    image = matrix.images[str(path[1])]
    return image.settings if len(path) == 2 else image.overrides[int(path[3])].settings


def texts_of(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> dict[str, str]:
    """Return what the placeholders of a variant stand for in its texts."""
    texts = placeholder_values(matrix.images[item.image], item.values, expanded.get(item.parent or ""), None)
    return texts if item.source is None else {**texts, "from": item.source}


def has_data_with_braces(written: str, item: Variant) -> bool:
    """Say whether a text names data that has braces: they would pass for placeholders."""
    return any(re.search("[{}]", text) and f"{{{name}}}" in written for name, text in item.axis_data.items())


def axis_advice(written: str, item: Variant, allowed: str, rule: str) -> str | None:
    """Return what to change in the axis that a text names; ``None`` if it names none.

    ``allowed`` is the pattern of the characters that the text may have, ``rule`` says the same in words.
    """
    names = {name: text for name, text in _values(item).items() if f"{{{name}}}" in written}
    unfit = [name for name, text in names.items() if not re.fullmatch(allowed, text)] or [*names]
    if not unfit:
        return None
    axis, _, part = unfit[0].partition(".")
    if unfit[0] in item.axis_data:
        return f"change `{part}` of the axis value `{item.values[axis]}`: {rule}"
    return f"give the values of `{axis}` data that fits, and write it as in `{{{axis}.NAME}}`: {rule}"


def _values(item: Variant) -> Mapping[str, str]:
    """Return what the placeholders of a variant's axes stand for."""
    parts = (version_parts(axis, value) for axis, value in item.values.items())
    return {**{name: text for values in parts for name, text in values.items()}, **item.axis_data}
