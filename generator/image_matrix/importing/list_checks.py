"""Refuses a profile list that KubeSpawner does not read either, at the line of what is wrong."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from image_matrix.errors import CallError
from image_matrix.importing.list_mistakes import memory_mistake, mistake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.diagnostics import Path
    from image_matrix.importing.list_places import ListPlaces
    from image_matrix.json_data import Json


def check_list(entries: Sequence[Json], places: ListPlaces) -> None:
    """Raise :class:`CallError` for the first value that has another type, or is an amount that no pod can have."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    text = files("image_matrix.importing").joinpath("profile_list.schema.json").read_text(encoding="utf-8")
    error = best_match(Draft202012Validator(json.loads(text)).iter_errors(entries))
    if error is not None:
        raise _at(entries, places, tuple(error.absolute_path), *mistake(error))
    for position, entry in enumerate(entries):
        if refused := memory_mistake(entry):
            path, problem, advice = refused
            raise _at(entries, places, (position, *path), problem, advice)


def _at(entries: Sequence[Json], places: ListPlaces, path: Path, problem: str, advice: str) -> CallError:
    position, *inside = path
    place, what = places.place_of(path), f"`{'.'.join(map(str, inside))}` of " if inside else ""
    name = entries[int(position)].get("display_name", "")
    return CallError(f"{place.file}:{place.line}: {what}the profile `{name}`: {problem}", advice)
