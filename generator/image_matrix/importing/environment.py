"""Reads environment.yml of conda: what a matrix can say of it, and what it cannot.

Source of the format: docs.conda.io, "Creating an environment file manually".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from image_matrix.config.model import DEFAULT_CHANNELS
from image_matrix.config.package_names import package_name
from image_matrix.diagnostics.redact import without_user
from image_matrix.importing.conda_file import NO_DEFAULTS
from image_matrix.importing.input_places import line_at, place_at, refusal
from image_matrix.importing.package_lists import Package
from image_matrix.importing.requirements import Requirements, collected, line_of, parts_of
from image_matrix.importing.sayable import is_channel, sayable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Path
    from image_matrix.importing.requirements import Part, Read

(CHANNEL,) = DEFAULT_CHANNELS
READ = ("name", "channels", "dependencies", "prefix")
"""Fields that are carried over, or that mean nothing in an image."""


@dataclass(frozen=True, slots=True)
class CondaLists:
    """What a matrix has of an environment."""

    packages: tuple[Package, ...]
    channels: tuple[str, ...]
    """Empty where the channel is the one that every matrix has."""
    pip: Requirements
    """With notes about all that is not carried over."""


def environment_of(document: Document, read: Read) -> CondaLists:
    """Return what a matrix has of an environment.

    Raises :class:`CallError` for a file without a list of dependencies.
    """
    value = document.value if isinstance(document.value, dict) else {}
    dependencies = value.get("dependencies")
    if not isinstance(dependencies, list):
        problem = "an environment of conda needs a list of dependencies"
        raise refusal(document, ("dependencies",), problem, "write `dependencies: [NAME=VERSION, …]`")
    pip = collected(_pip_parts(document, dependencies, read))
    packages: dict[str, Package] = {}
    channels, notes = _channels(document, value.get("channels") or [])
    notes += _other_fields(document, value)
    for position, item in enumerate(dependencies):
        if isinstance(item, dict):
            continue
        text, problem = _conda(str(item).strip().removeprefix("" if channels else f"{CHANNEL}::"))
        if problem:
            notes.append(f"{place_at(document, ('dependencies', position))}: {problem}")
        elif text:
            packages[text] = Package(text)
    left_out = (f"not carried over: {item}" for item in notes)
    return CondaLists(tuple(packages.values()), channels, replace(pip, notes=(*left_out, *pip.notes)))


def _conda(text: str) -> tuple[str, str]:
    """Return a package as a matrix takes it, or why it has none."""
    entry = sayable("conda", text)
    if entry is None:
        return "", f"conda `{text}`; write `name=version`"
    if package_name("conda", entry) == "python":
        return (
            "",
            f"`{text}`; the Python is the one of the parent: choose a parent, or an axis `python`, that has it",
        )
    return ("", "") if entry == "pip" else (entry, "")


def _pip_parts(document: Document, dependencies: list[Any], read: Read) -> Iterator[Part]:
    """Yield what the lists under ``pip`` say; conda hands them to pip as the lines of a requirements file."""
    for position, item in enumerate(dependencies):
        for name, lines in item.items() if isinstance(item, dict) else ():
            path: Path = ("dependencies", position, name)
            if name != "pip" or not isinstance(lines, list):
                raise refusal(
                    document, path, f"`{name}` is not a list of pip", "write `- pip: [NAME==VERSION, …]`"
                )
            for at, text in enumerate(lines):
                line = line_of(str(text), document.file, line_at(document, (*path, at)))
                yield from parts_of(line, read, (document.file,))


def _channels(document: Document, channels: Any) -> tuple[tuple[str, ...], list[str]]:  # noqa: ANN401 - what YAML has
    """Return the channels that an image has to name, and what is left out."""
    listed = [
        item for item in (channels if isinstance(channels, list) else [channels]) if item != NO_DEFAULTS
    ]
    kept = tuple(item for item in listed if isinstance(item, str) and item != "defaults" and is_channel(item))
    advice = f"write another one, such as {CHANNEL}; an address has no login"
    notes = [
        f"{place_at(document, ('channels', position))}: the channel `{without_user(str(item))}`; {advice}"
        for position, item in enumerate(listed)
        if item not in kept
    ]
    return () if kept == (CHANNEL,) else kept, notes


def _other_fields(document: Document, value: dict[str, Any]) -> Iterator[str]:
    for field in value:
        if field not in READ:
            advice = "; write its entries as `env` of the image" if field == "variables" else ""
            yield f"{place_at(document, (field,))}: `{field}`{advice}"
