"""Reads files with package lists that a matrix names: entries for an installer, each with its line.

Unlike an import, nothing is left out: what a matrix cannot say is a fault of its line.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from image_matrix.config import requirement
from image_matrix.diagnostics.redact import conceal
from image_matrix.importing.conda_file import conda_entries
from image_matrix.importing.conda_lock_file import conda_lock_entries, is_conda_lock
from image_matrix.importing.listed_entries import Fault, ListedEntry, NotReadableError
from image_matrix.importing.requirements import entry_of, included_file, lines_of, long_name, option_of
from image_matrix.importing.sayable import sayable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.config.conda_lock import CondaLock
    from image_matrix.config.model import Manager
    from image_matrix.importing.listed_entries import ListedChannel, Read
    from image_matrix.importing.requirements import Line

_PYLOCK = re.compile(r"(?:.*/)?pylock(\.[^./]+)?\.toml")
_SETTINGS = {"--index-url": "index_url: {value}", "--extra-index-url": "extra_index_urls: [{value}]"}
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*[=<>!~;@]")


def python_entries(file: str, read: Read) -> Iterator[ListedEntry | Fault]:
    """Yield what a requirements file or a ``pylock.toml`` lists; raises :class:`NotReadableError` for the file."""
    text = read(file)
    return _of_pylock(file, text) if _PYLOCK.fullmatch(file) else _of_requirements(file, text, read, (file,))


def _conda_entries(file: str, read: Read) -> Iterator[ListedEntry | ListedChannel | CondaLock | Fault]:
    return conda_lock_entries(file, read) if is_conda_lock(file) else conda_entries(file, read)


READERS: Mapping[
    Manager, Callable[[str, Read], Iterator[ListedEntry | ListedChannel | CondaLock | Fault]]
] = {
    "conda": _conda_entries,
    "pip": python_entries,
}
"""Installers that take files, each with what reads them."""


def _of_requirements(
    file: str, text: str, read: Read, above: tuple[str, ...]
) -> Iterator[ListedEntry | Fault]:
    for line in lines_of(text, file):
        option = option_of(line)
        if option is None:
            yield _requirement(line)
        elif long_name(option[0]) == "--requirement":
            yield from _included(line, option[1], read, above)
        else:
            yield _option(line, *option)


def _requirement(line: Line) -> ListedEntry | Fault:
    """Return a requirement; its hashes are dropped, because the lock looks them up."""
    text, options = entry_of(line)
    others = [item for item in options if not item.startswith("--hash")]
    entry = sayable("pip", text)
    if entry and not others:
        return ListedEntry(entry, line.file, line.number, line.text)
    advice = f"remove `{others[0]}`: entries have no options" if others else _advice(text)
    return _fault(line, f"`{conceal(line.text)}` is not an entry of `pip`", conceal(advice))


def _advice(text: str) -> str:
    """Return what to write instead of a text that is no requirement."""
    problem = requirement.problem(text) if _NAMED.match(text) else None
    return problem or "write `name==version`, or `name @ ADDRESS` with a commit or a checksum"


def _option(line: Line, name: str, value: str) -> Fault:
    setting = _SETTINGS.get(long_name(name))
    if setting:
        ours = conceal(setting.format(value=value))
        return _fault(line, f"`{name}` is a setting", f"write `{ours}` below `pip:`, and remove this line")
    return _fault(
        line, f"`{name}` cannot be carried over", "remove this line, or list the packages themselves"
    )


def _included(line: Line, value: str, read: Read, above: tuple[str, ...]) -> Iterator[ListedEntry | Fault]:
    path = included_file(line, value)
    if path in above:
        yield _fault(line, f"{path} leads back to itself", "remove this line")
        return
    try:
        text = read(path)
    except NotReadableError as error:
        yield _fault(line, error.problem, error.advice)
    else:
        yield from _of_requirements(path, text, read, (*above, path))


def _fault(line: Line, problem: str, advice: str) -> Fault:
    return Fault(problem, advice, line.file, line.number, line.text)


def _of_pylock(file: str, text: str) -> Iterator[ListedEntry | Fault]:
    """Yield the packages of a lock.

    Source: packaging.python.org, "pylock.toml Specification" (PEP 751).
    """
    try:
        packages = tomllib.loads(text).get("packages", [])
    except tomllib.TOMLDecodeError as error:
        yield Fault(f"it is not TOML: {error}", "let a tool such as `uv export` write it", file, 1)
        return
    lines = [number for number, raw in enumerate(text.splitlines(), start=1) if raw.strip() == "[[packages]]"]
    for at, package in enumerate(packages):
        number = lines[at] if at < len(lines) else 1
        entry = sayable("pip", _locked(package))
        source = f"[[packages]] # {package.get('name', '')}"
        if entry:
            yield ListedEntry(entry, file, number, source)
        else:
            problem = f"the package `{package.get('name', '')}` has no version, commit or checksum"
            yield Fault(problem, "remove it here, and list it in `packages`", file, number, source)


def _locked(package: Mapping[str, Any]) -> str:
    """Return a package of a lock as a requirement."""
    name, vcs, archive = package.get("name", ""), package.get("vcs"), package.get("archive")
    marker = f" ; {package['marker']}" if "marker" in package else ""
    if vcs and "url" in vcs:
        return f"{name} @ git+{vcs['url']}@{vcs.get('commit-id', '')}{marker}"
    if archive and "url" in archive:
        return f"{name} @ {archive['url']}#sha256={archive.get('hashes', {}).get('sha256', '')}{marker}"
    return f"{name}=={package.get('version', '')}{marker}"
