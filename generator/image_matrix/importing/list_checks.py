"""Refuses a profile list that KubeSpawner does not read either, at the line of what is wrong."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from image_matrix.errors import CallError
from image_matrix.importing.list_mistakes import memory_mistake, mistake
from image_matrix.importing.list_places import list_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json


def check_list(entries: Sequence[Json], file: str, text: str) -> None:
    """Raise :class:`CallError` for the first value that has another type, or is an amount that no pod can have.

    ``text`` is that of the file with the list: it is searched for the place of such a value only.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    schema = files("image_matrix.importing").joinpath("profile_list.schema.json").read_text(encoding="utf-8")
    error = best_match(Draft202012Validator(json.loads(schema)).iter_errors(entries))
    if error is not None:
        raise _at(entries, (file, text), tuple(error.absolute_path), *mistake(error))
    for position, entry in enumerate(entries):
        if refused := memory_mistake(entry):
            path, problem, advice = refused
            raise _at(entries, (file, text), (position, *path), problem, advice)


def _at(entries: Sequence[Json], given: tuple[str, str], path: Path, problem: str, advice: str) -> CallError:
    position, *inside = path
    place, what = list_places(*given).place_of(path), f"`{'.'.join(map(str, inside))}` of " if inside else ""
    name = entries[int(position)].get("display_name", "")
    return CallError(f"{place.file}:{place.line}: {what}the profile `{name}`: {problem}", advice)
