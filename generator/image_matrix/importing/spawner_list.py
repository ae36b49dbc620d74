"""Finds KubeSpawner's profile lists in values of a chart, HelmReleases, ConfigMaps, or on their own."""

from __future__ import annotations

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
_CORRECT = "correct the file, or name another one"
_FORM = "spawnerFormDefaults"
"""The section of Kubeflow's spawner_ui_config.yaml."""


def documents_of(file: str, text: str) -> list[Json]:
    """Return the documents of a file as Flux reads them; raises :class:`CallError` for one that is not YAML."""
    try:
        documents = load_all(text)
        has_cycle = _has_cycle(documents, set(), set())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else file
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise CallError(f"{place}: this is not YAML: {problem}", _CORRECT) from error
    except RecursionError as error:
        raise CallError(f"{file} is nested too deeply", _CORRECT) from error
    if has_cycle:
        raise CallError(f"{file}: an alias (`*NAME`) is inside of what it stands for", _CORRECT)
    return documents


def _has_cycle(value: Json, above: set[int], done: set[int]) -> bool:
    """Say whether a value contains itself; ``above`` are the collections around it, ``done`` those without."""
    if not isinstance(value, (dict, list)) or id(value) in done:
        return False
    if id(value) in above:
        return True
    inside = value.values() if isinstance(value, dict) else value
    if any(_has_cycle(item, {*above, id(value)}, done) for item in inside):
        return True
    done.add(id(value))
    return False


def spawner_list(file: str, documents: Sequence[Json]) -> list[Json]:
    """Return the entries of the only profile list in the documents of a file, or of ConfigMaps in it.

    Raises :class:`CallError` for a file with none or several.
    """
    faults: list[CallError] = []
    lists = [item for document in documents for item in _lists(file, document, faults)]
    if not lists:
        raise next(iter(faults), None) or _without_list(file, documents)
    if len(lists) > 1:
        places = ", ".join(".".join(map(str, path)) or "a document" for path, _ in lists)
        problem = f"{file} has {len(lists)} profile lists: {places}"
        raise CallError(problem, "write the one that you mean to a file of its own")
    return lists[0][1]


def _without_list(file: str, documents: Sequence[Json]) -> CallError:
    if kubeflow := next((item for item in map(_kubeflows, documents) if item), None):
        advice = "declare its images under `sources` or `images`, its amounts under `sizes`, and both in `profiles`"
        return CallError(f"{file} is {kubeflow}, which has no profiles: nothing is imported", advice)
    empty = next((path for item in documents for path in _empty_lists(item)), None)
    if empty is not None:
        problem = f"{file}: {'.'.join(map(str, empty)) or 'the profile list'} is empty"
        return CallError(problem, "name the file that has the hub's profiles; nothing is imported")
    advice = "a file with `singleuser: {profileList: […]}` is expected, or with a list of profiles alone"
    return CallError(f"{file} has no profile list", advice)


def _kubeflows(document: Json) -> str:
    """Return what a document is called if it is a list of Kubeflow's; empty for others.

    Sources: kubeflow/notebooks, spawner_ui_config.yaml of Notebooks 1 and the resource WorkspaceKind of Notebooks 2.
    """
    if not isinstance(document, dict):
        return ""
    if document.get("kind") == "WorkspaceKind":
        return "a WorkspaceKind of Kubeflow"
    data = document.get("data")
    texts = [text for text in data.values() if isinstance(text, str)] if isinstance(data, dict) else []
    is_form = _FORM in document or any(line.startswith(_FORM) for text in texts for line in text.splitlines())
    return "the form of Kubeflow Notebooks 1" if is_form else ""


def _empty_lists(value: Json, path: Path = ()) -> Iterator[Path]:
    if value == [] and (not path or path[-1] in KEYS):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _empty_lists(item, (*path, key))


def _lists(
    file: str, value: Json, faults: list[CallError], path: Path = ()
) -> Iterator[tuple[Path, list[Json]]]:
    """Yield the lists in a value; ``faults`` get what is wrong with texts that may have one, or are Python."""
    if isinstance(value, list) and (not path or path[-1] in KEYS):
        if value and all(isinstance(item, dict) and "display_name" in item for item in value):
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _lists(file, item, faults, (*path, key))
    elif isinstance(value, str) and any(f"{key}:" in value for key in KEYS):
        try:
            documents = documents_of(f"{file}, {'.'.join(map(str, path))}", value)
        except CallError as error:
            faults.append(error)
            return
        for document in documents:
            yield from _lists(file, document if isinstance(document, dict) else {}, faults, path)
