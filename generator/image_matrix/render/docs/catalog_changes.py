"""Words what changed last in an image of the catalog; what it shares with the image that it is built on, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.profiles.change_words import Style
from image_matrix.profiles.content_words import package_words, source_lines

if TYPE_CHECKING:
    from image_matrix.inventory.difference import ImageDifference
    from image_matrix.json_data import Json

_PLAIN = Style(bold=str, code=str, plain=str)
UNKNOWN = "built again, with no change that is known"


def changes_data(differing: ImageDifference | None, below: ImageDifference | None) -> dict[str, Json]:
    """Return ``changes``, a line for each, and ``same``: whether those of the image below belong to them.

    Nothing if it is not known what changed. ``below`` is what changed in the image below.
    """
    if differing is None:
        return {}
    lines, shared = _lines(differing), _lines(below) if below else []
    if shared and {*shared} <= {*lines}:
        return {"changes": [line for line in lines if line not in {*shared}], "same": True}
    return {"changes": lines or [UNKNOWN]}


def _lines(differing: ImageDifference) -> list[str]:
    sources = (replace(one, images=()) for one in differing.sources)
    return [*source_lines(sources, _PLAIN), *(package_words(one, _PLAIN) for one in differing.packages)]
