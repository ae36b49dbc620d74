"""Finds KubeSpawner's profile lists in values of a chart, HelmReleases, ConfigMaps, or on their own."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from image_matrix.errors import CallError
from image_matrix.profiles.helmrelease import load_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.diagnostics import Path
    from image_matrix.json_data import Json

KEYS = ("profileList", "profile_list")
"""Its name in the chart, and in KubeSpawner itself."""


def documents_of(file: str, text: str) -> list[Json]:
    """Return the documents of a file as Flux reads them; raises :class:`CallError` for one that is not YAML."""
    try:
        return load_all(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else file
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise CallError(
            f"{place}: this is not YAML: {problem}", "correct the file, or name another one"
        ) from error


def spawner_list(file: str, documents: Sequence[Json]) -> list[Json]:
    """Return the entries of the only profile list in the documents of a file, or of ConfigMaps in it.

    Raises :class:`CallError` for a file with none or several, and for a list that KubeSpawner does not read either.
    """
    lists = [item for document in documents for item in _lists(file, document)]
    if not lists:
        advice = "a file with `singleuser: {profileList: […]}` is expected, or with a list of profiles alone"
        raise CallError(f"{file} has no profile list", advice)
    if len(lists) > 1:
        places = ", ".join(".".join(map(str, path)) or "a document" for path, _ in lists)
        problem = f"{file} has {len(lists)} profile lists: {places}"
        raise CallError(problem, "write the one that you mean to a file of its own")
    _check_shape(file, lists[0][1])
    return lists[0][1]


def _check_shape(file: str, entries: list[Json]) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    text = files("image_matrix.importing").joinpath("profile_list.schema.json").read_text(encoding="utf-8")
    error = best_match(Draft202012Validator(json.loads(text)).iter_errors(entries))
    if error is not None:
        first, *rest = error.absolute_path
        place = f"`{'.'.join(map(str, rest))}` of " if rest else ""
        name = entries[int(first)].get("display_name", "")
        problem = f"{file}: {place}the profile `{name}` is not in KubeSpawner's form: {error.message}"
        raise CallError(problem, "correct it in the file")


def _lists(file: str, value: Json, path: Path = ()) -> Iterator[tuple[Path, list[Json]]]:
    if isinstance(value, list) and (not path or path[-1] in KEYS):
        if value and all(isinstance(item, dict) and "display_name" in item for item in value):
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _lists(file, item, (*path, key))
    elif isinstance(value, str) and any(f"{key}:" in value for key in KEYS):
        for document in documents_of(f"{file}, {'.'.join(map(str, path))}", value):
            yield from _lists(file, document if isinstance(document, dict) else {}, path)
