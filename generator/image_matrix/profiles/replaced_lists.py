"""Says what is lost of lists: Helm merges mappings, and one list takes the place of another as a whole.

Source: helm.sh/docs/chart_template_guide/values_files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.yaml_text import as_written
from image_matrix.json_data import at_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.json_data import Json
    from image_matrix.profiles.compose import Composed, Source
    from image_matrix.profiles.labelled import ValuePath

PROFILES: ValuePath = ("singleuser", "profileList")
"""A list to which nobody else may add."""


def is_kept(path: ValuePath, value: Json, composed: Json) -> bool:
    """Say whether a value is there, if need be with others in its list."""
    if path == PROFILES or not isinstance(value, list) or not isinstance(composed, list):
        return bool(value == composed)
    return all(item in composed for item in value)


def advice(path: ValuePath, value: Json) -> str:
    """Return what to do where a rendered value is lost; of a list, a site may need what it has written itself, too."""
    if path == PROFILES or not isinstance(value, list):
        return "remove this value: the profiles come from matrix.yaml"
    return f"Helm replaces lists: add to yours what `deploy/` has, {_entries(value)}"


def advice_for_both(value: Json) -> str:
    """Return what to do where a rendered list takes the place of another; that one may be secret."""
    return f"Helm replaces lists: write yours in `spec.values`, with what `deploy/` has, {_entries(value)}"


def _entries(value: Json) -> str:
    return f"`{as_written(value)[1:-1]}`"


def replaced(
    composed: Composed, sources: Mapping[str, Source], winner: str
) -> Iterator[tuple[ValuePath, str]]:
    """Yield the lists of a source that take the place of entries of others, each with the name of the other."""
    for path, names in composed.setters.items():
        value = at_path(sources[winner].values, path)
        if names[-1] != winner or path == PROFILES or not isinstance(value, list):
            continue
        for name in names[:-1]:
            other = at_path(sources[name].values, path)
            if isinstance(other, list) and not is_kept(path, other, value):
                yield path, name
