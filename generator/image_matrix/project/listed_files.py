"""Puts the entries of files that a matrix names for an installer beside its packages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from image_matrix.config.conda_lock import OF_LOCK, CondaLock
from image_matrix.config.document import FILES, OF_FILES
from image_matrix.config.package_files import advice_for, is_read_by
from image_matrix.diagnostics import Diagnostic, Place, diagnostic, human
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.context_reader import ContextError, in_project
from image_matrix.importing.conda_lock_file import is_conda_lock
from image_matrix.importing.listed import READERS
from image_matrix.importing.listed_entries import Fault, ListedChannel, ListedEntry, NotReadableError
from image_matrix.json_data import at_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.document import Documents
    from image_matrix.diagnostics import Path
    from image_matrix.dockerfiles.context_reader import ContextReader

_ADVICE = "correct the path: it is relative to the file that names it"


def with_listed_files(documents: Documents, reader: ContextReader) -> tuple[Documents, list[Diagnostic]]:
    """Return documents of a valid shape with the entries of the files that they name, and what is wrong with these."""
    value = documents.value
    places: dict[Path, Place] = {}
    faults: list[Diagnostic] = []
    for path in _lists(documents.value):
        entries: list[ListedEntry] = []
        channels: list[str] = []
        locks: list[CondaLock] = []
        for item in _entries(documents, reader, path):
            if isinstance(item, ListedEntry):
                places[(*path[:-1], OF_FILES, len(entries))] = _place(item)
                entries.append(item)
            elif isinstance(item, ListedChannel):
                channels.append(item.name)
            elif isinstance(item, CondaLock):
                locks.append(item)
            else:
                faults.append(item)
        of_files = {"channels": [*dict.fromkeys(channels)]} if channels else {}
        settings = {**of_files, **at_path(value, path[:-1]), OF_FILES: [entry.text for entry in entries]}
        settings |= {OF_LOCK: locks[0]} if locks else {}
        faults += _several(documents, path) if locks else ()
        value = _replaced(value, path[:-1], settings)
    return (replace(documents, value=value, listed=places) if places else documents), faults


def _lists(value: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the path of every list of files."""
    owners: list[tuple[Path, Any]] = [
        ((section, name), item)
        for section in ("images", "bundles")
        for name, item in (value.get(section) or {}).items()
    ]
    for path, item in owners:
        overrides = enumerate((item or {}).get("overrides") or ())
        for place, settings in (
            (path, item or {}),
            *(((*path, "overrides", at), one) for at, one in overrides),
        ):
            for manager in READERS:
                given = settings.get(manager)
                if isinstance(given, dict) and given.get(FILES):
                    yield (*place, manager, FILES)


def _entries(
    documents: Documents, reader: ContextReader, path: Path
) -> Iterator[ListedEntry | ListedChannel | CondaLock | Diagnostic]:
    """Yield what the files of one list have."""
    names: Sequence[str] = at_path(documents.value, path)
    manager = path[-2]
    for at, name in enumerate(names):
        place = documents.place((*path, at))
        try:
            file = in_project(reader.folder_of(place.file), name)
            if not is_read_by(manager, file):  # type: ignore[arg-type]
                raise NotReadableError(f"{name} is not a file of {manager}", advice_for(name))
            for item in READERS[manager](file, lambda one: _text(reader, one)):  # type: ignore[index]
                yield _refused(item, path) if isinstance(item, Fault) else item
        except (NotReadableError, ContextError) as error:
            yield diagnostic(
                rules.BAD_VALUE, place, where=human(path[:-1]), problem=error.problem, advice=error.advice
            )


def _several(documents: Documents, path: Path) -> Iterator[Diagnostic]:
    """Yield what is wrong where a lock file is one of several files: it has all packages, for each platform."""
    names: Sequence[str] = at_path(documents.value, path)
    if len(names) > 1:
        lock = next(name for name in names if is_conda_lock(name))
        place = documents.place((*path, next(at for at, name in enumerate(names) if name != lock)))
        problem = f"{lock} has all packages of an environment, for each platform"
        advice = f"write `files: [{lock}]`, or list no lock file"
        yield diagnostic(rules.BAD_VALUE, place, where=human(path[:-1]), problem=problem, advice=advice)


def _text(reader: ContextReader, path: str) -> str:
    """Return the text of a file of the project; raises :class:`NotReadableError`."""
    try:
        content = reader.read(in_project("", path))
    except ContextError as error:
        raise NotReadableError(error.problem, error.advice) from error
    if content is None:
        raise NotReadableError(f"there is no file {path}", _ADVICE)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotReadableError(f"{path} is not text in UTF-8", "save it as UTF-8") from error


def _refused(fault: Fault, path: Path) -> Diagnostic:
    place = Place(fault.file, fault.line, 1, max(1, len(fault.source)), fault.source)
    return diagnostic(
        rules.BAD_VALUE, place, where=human(path[:-1]), problem=fault.problem, advice=fault.advice
    )


def _place(entry: ListedEntry) -> Place:
    return Place(entry.file, entry.line, 1, max(1, len(entry.source)), entry.source)


def _replaced(value: Any, path: Path, item: Any) -> Any:  # noqa: ANN401 - a YAML value
    """Return a value with another one at a path; the value itself is not changed."""
    if not path:
        return item
    step, *rest = path
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[step] = _replaced(copy[step], tuple(rest), item)  # type: ignore[index]
    return copy
