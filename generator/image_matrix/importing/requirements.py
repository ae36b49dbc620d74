"""Reads requirements files of pip: what a matrix can say of them, and what it cannot.

Source of the format: pip.pypa.io, "Requirements File Format".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.package_names import package_name
from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics.redact import conceal, has_user, without_user
from image_matrix.errors import CallError
from image_matrix.importing.package_lists import Package
from image_matrix.importing.sayable import sayable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COMMENT = re.compile(r"(?:^|\s+)#\s*(.*)$")
_OPTION = re.compile(r"(--[a-z-]+|-[A-Za-z])[=\s]*(.*)")
_LONG = {"-r": "--requirement", "-c": "--constraint", "-i": "--index-url", "--pypi-url": "--index-url"}
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!&+,;=%-]+")

Read = Callable[[str], str]
"""Returns the text of a file by its path; raises :class:`MatrixError` for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a requirements file, with those that continue it."""

    file: str
    number: int
    text: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What is not carried over, or what it became."""

    text: str


@dataclass(frozen=True, slots=True)
class ExtraIndex:
    """An index that is asked beside the default one."""

    address: str


@dataclass(frozen=True, slots=True)
class DefaultIndex:
    """An index in place of the default one."""

    address: str


Part = Package | ExtraIndex | DefaultIndex | Note
"""What a line says."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a matrix can say of requirements files."""

    packages: tuple[Package, ...]
    extra_index_urls: tuple[str, ...]
    notes: tuple[str, ...]
    index_url: str | None = None


def requirements_of(file: str, read: Read) -> Requirements:
    """Read a requirements file and those that it names; raises :class:`CallError` for files that name each other."""
    return collected(part for line in lines_of(read(file), file) for part in parts_of(line, read, (file,)))


def lines_of(text: str, file: str) -> Iterator[Line]:
    """Yield the lines with something in them; one that ends with a backslash goes on in the next one."""
    begun, first = "", 0
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        first = first if begun else number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            begun += f"{raw[:-1]} "
            continue
        line = line_of(begun + raw, file, first)
        begun = ""
        if line.text:
            yield line
    if line_of(begun, file, first).text:
        yield line_of(begun, file, first)


def line_of(text: str, file: str, number: int) -> Line:
    """Return one line without its comment."""
    comment = _COMMENT.search(text)
    bare = text[: comment.start()] if comment else text
    return Line(file, number, bare.strip(), comment[1].strip() if comment else "")


def option_of(line: Line) -> tuple[str, str] | None:
    """Return the name, as it is written, and the value of the option that a line is, if it is one."""
    match = _OPTION.match(line.text) if line.text.startswith("-") else None
    return (match[1], match[2].strip()) if match else None


def long_name(option: str) -> str:
    """Return the long name of an option."""
    return _LONG.get(option, option)


def entry_of(line: Line) -> tuple[str, list[str]]:
    """Return the requirement of a line, and the options behind it."""
    text, *options = re.split(r"\s+(?=--)", line.text)
    return text, options


def included_file(line: Line, value: str) -> str:
    """Return the path of a file that a line names relative to its own."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(line.file), value))


def parts_of(line: Line, read: Read, above: tuple[str, ...]) -> Iterator[Part]:
    """Yield what a line says; ``above`` are the files that lead to it."""
    option = option_of(line)
    if option:
        name, value = option
        yield from _option(line, long_name(name), value, read, above)
        return
    text, options = entry_of(line)
    entry = sayable("pip", text)
    if entry is None or any(not item.startswith("--hash") for item in options):
        yield _left_out(line)
        return
    yield Package(entry, conceal(line.comment))
    if options:
        yield Note(f"not carried over: the hashes in {line.file}; `image-matrix lock` looks them up")


def _option(line: Line, name: str, value: str, read: Read, above: tuple[str, ...]) -> Iterator[Part]:
    if name == "--requirement" and value and "://" not in value:
        yield from _included(line, value, read, above)
    elif name in ("--extra-index-url", "--index-url") and _ADDRESS.fullmatch(value):
        index = ExtraIndex if name == "--extra-index-url" else DefaultIndex
        yield index(without_user(value))
        if has_user(value):
            yield Note(
                f"not carried over: {_place(line)}: the login of an index; it goes into `network.netrc`"
            )
    else:
        yield _left_out(line)


def _included(line: Line, value: str, read: Read, above: tuple[str, ...]) -> Iterator[Part]:
    path = included_file(line, value)
    if path in above:
        raise CallError(f"{_place(line)}: {path} leads back to itself", "remove this line")
    try:
        text = read(path)
    except MatrixError as error:
        raise CallError(
            f"{_place(line)}: {error.diagnostics[0].message}", "correct the path, or remove this line"
        ) from error
    for inner in lines_of(text, path):
        yield from parts_of(inner, read, (*above, path))


def collected(parts: Iterable[Part]) -> Requirements:
    """Put what lines say together; of two entries for one package the first is taken."""
    packages: dict[str, Package] = {}
    indexes: list[str] = []
    default: str | None = None
    notes: list[str] = []
    for part in parts:
        if isinstance(part, ExtraIndex):
            indexes.append(part.address)
        elif isinstance(part, DefaultIndex):
            default = part.address
        elif isinstance(part, Note):
            notes.append(part.text)
        else:
            key = package_name("pip", part.text) + part.text.partition(";")[2]
            first = packages.setdefault(key, part)
            if first.text != part.text:
                notes.append(f"not carried over: pip `{part.text}`; `{first.text}` is in the list already")
    return Requirements(
        tuple(packages.values()), tuple(dict.fromkeys(indexes)), tuple(dict.fromkeys(notes)), default
    )


def joined(parts: Iterable[Requirements]) -> Requirements:
    """Put what several files say together; the first entry for a package is taken."""
    return collected(item for part in parts for item in _parts(part))


def _parts(part: Requirements) -> Iterator[Part]:
    yield from part.packages
    yield from map(DefaultIndex, [part.index_url] if part.index_url else [])
    yield from map(ExtraIndex, part.extra_index_urls)
    yield from map(Note, part.notes)


def _left_out(line: Line, advice: str = "") -> Note:
    return Note(f"not carried over: {_place(line)}: `{conceal(line.text)}`{advice}")


def _place(line: Line) -> str:
    return f"{line.file}:{line.number}"
