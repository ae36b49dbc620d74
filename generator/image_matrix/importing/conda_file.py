"""Reads a file of conda that a matrix names, ``environment.yml``: channels and entries, each with its line.

Unlike an import, nothing is left out: what a matrix cannot say is a fault of its line. Source of the format:
docs.conda.io, "Creating an environment file manually".
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from image_matrix.config.conda import ANACONDA
from image_matrix.config.yaml_loader import parse
from image_matrix.diagnostics.redact import conceal
from image_matrix.importing.listed_entries import Fault, ListedChannel, ListedEntry, NotReadableError
from image_matrix.importing.sayable import is_channel, is_sayable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Path
    from image_matrix.importing.listed_entries import Read

WITHOUT_MEANING = ("name", "prefix")
"""Fields that say where an environment is on somebody's disk."""
LISTS = ("channels", "dependencies")
EXPLICIT = "@EXPLICIT"
"""A line of files with the addresses of packages."""
NO_DEFAULTS = "nodefaults"
"""A word in place of a channel: conda is not to ask Anaconda's."""


def conda_entries(file: str, read: Read) -> Iterator[ListedEntry | ListedChannel | Fault]:
    """Yield what an environment lists; raises :class:`NotReadableError` for the file."""
    text = read(file)
    if EXPLICIT in text.splitlines():
        problem = f"{file} has the packages of one platform"
        raise NotReadableError(problem, "name conda-lock.yml or pixi.lock, which have those of all platforms")
    document, problems = parse(text, file)
    for item in problems:
        yield Fault(item.message, item.help, file, item.place.line, item.place.source)
    if document is None or problems:
        return
    value = document.value if isinstance(document.value, dict) else {}
    if not value.get("dependencies") and isinstance(value.get("package"), list):
        name = posixpath.basename(file).partition(".")[0]
        advice = f"rename it to `{name}.conda-lock.yml`, and write that"
        raise NotReadableError(f"{file} is a lock file of conda-lock by another name", advice)
    if not value.get("dependencies"):
        yield _fault(
            document,
            ("dependencies",),
            "it has no list `dependencies`",
            "write `dependencies: [NAME=VERSION]`",
        )
    yield from _other_fields(document, value)
    for field in LISTS:
        items = value.get(field) or []
        if not isinstance(items, list):
            yield _fault(document, (field,), f"`{field}` is not a list", f"write `{field}: [NAME]`")
            continue
        of_item = _channel if field == "channels" else _package
        for at, item in enumerate(items):
            yield from of_item(document, (field, at), item)


def _other_fields(document: Document, value: Mapping[str, Any]) -> Iterator[Fault]:
    for field in value:
        if field not in (*WITHOUT_MEANING, *LISTS):
            advice = "remove it" if field != "variables" else "remove it, and write its entries as `env`"
            yield _fault(document, (field,), f"an image has no `{field}` from a file of conda", advice)


def _channel(document: Document, path: Path, item: Any) -> Iterator[ListedChannel | Fault]:  # noqa: ANN401 - what YAML has
    if item == NO_DEFAULTS:
        return
    if item == "defaults":
        problem = "`defaults` is another channel on each machine"
        yield _fault(document, path, problem, f"remove it, or write an address, such as `{ANACONDA}`")
    elif isinstance(item, str) and is_channel(item):
        yield ListedChannel(item)
    else:
        problem = f"`{conceal(str(item))}` is not a channel"
        yield _fault(document, path, problem, "write the name of a channel, or its address without a login")


def _package(document: Document, path: Path, item: Any) -> Iterator[ListedEntry | Fault]:  # noqa: ANN401 - what YAML has
    if isinstance(item, dict) and [*item] == ["pip"]:
        problem = "packages of pip are not installed by conda"
        yield _fault(
            document, (*path, "pip"), problem, "remove it, and put its entries into `pip` of the image"
        )
    elif isinstance(item, str) and is_sayable("conda", item.strip()):
        line, source = _line(document, path)
        yield ListedEntry(item.strip(), document.file, line, source)
    else:
        advice = "write `name=version`, `name>=1.2,<2` or `channel::name=version`, one package an entry"
        yield _fault(document, path, f"`{conceal(str(item))}` is not an entry of `conda`", advice)


def _fault(document: Document, path: Path, problem: str, advice: str) -> Fault:
    return Fault(problem, advice, document.file, *_line(document, path))


def _line(document: Document, path: Path) -> tuple[int, str]:
    """Return the number and text of the line of a key or entry, or of the nearest one above it."""
    nodes = (document.node(path[:length], "key") for length in range(len(path), 0, -1))
    node = next((item for item in nodes if item is not None), document.root)
    if node is None:
        return 1, ""
    place = document.place_of(node)
    return place.line, place.source
