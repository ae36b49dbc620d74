"""Compares what is installed in an image and in its parent: lists of what somebody asked for."""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from image_matrix.config.model import DEFAULT_CHANNELS
from image_matrix.importing.package_lists import Package, packages_of
from image_matrix.importing.sayable import is_channel, sayable
from image_matrix.inventory.installed_files import (
    APT_PYTHON,
    APT_R,
    AUTOMATIC,
    DIRECT,
    AutomaticNames,
    DpkgNames,
    InstalledConda,
    InstalledNpm,
    InstalledPython,
    InstalledR,
    files_of_conda,
    is_unpacked_only,
)
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.config.model import Manager
    from image_matrix.inventory.installed_files import Files

SEEDS = frozenset({"pip", "setuptools", "wheel"})
"""What a new environment of Python has."""
NODE = frozenset({"npm", "corepack"})
"""What Node.js brings."""
SHOWN = 8
"""Names in a note."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listable:
    """A package that may be listed."""

    name: str
    entry: str
    """Empty for one that a list cannot have."""
    requires: frozenset[str]


@dataclass(frozen=True, slots=True)
class AddedPackages:
    """What an image has and its parent has not."""

    lists: Mapping[str, tuple[Package, ...]]
    channels: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def added_packages(image: Files, parent: Files) -> AddedPackages:
    """Return what is installed in an image and not in its parent, with notes about what is left out."""
    apt, apt_notes = _apt(image, parent)
    conda, channels, conda_notes = _conda(image, parent)
    pip, pip_notes = _python(image, parent)
    cran, cran_notes = _r(image, parent)
    npm, npm_notes = _npm(image, parent)
    unreadable = sorted(path for path, record in image.items() if record is None)
    broken = (
        [f"not read, because it has not the form of its kind: {listed(unreadable, SHOWN)}"]
        if unreadable
        else []
    )
    return AddedPackages(
        {"apt": apt, "conda": conda, "pip": pip, "cran": cran, "npm": npm},
        channels,
        (*apt_notes, *conda_notes, *pip_notes, *cran_notes, *npm_notes, *broken),
    )


def _of_type(files: Files, kind: type[T]) -> dict[str, T]:
    return {path: record for path, record in files.items() if isinstance(record, kind)}


def _new(image: Files, parent: Files, kind: type[T]) -> dict[str, T]:
    """Return the records of a type that the parent has not, or not so."""
    return {path: record for path, record in _of_type(image, kind).items() if parent.get(path) != record}


def _names(files: Files, kind: type[DpkgNames | AutomaticNames]) -> frozenset[str]:
    return frozenset(name for record in _of_type(files, kind).values() for name in record.names)


def _apt(image: Files, parent: Files) -> tuple[tuple[Package, ...], list[str]]:
    new = _names(image, DpkgNames) - _names(parent, DpkgNames)
    automatic = new & _names(image, AutomaticNames)
    packages, notes = _sayable("apt", {name: name for name in new - automatic})
    if automatic:
        notes.append(f"left out: {plural(len(automatic), 'apt package')} that apt installed for others")
    if new and AUTOMATIC not in image:
        advice = "remove those that nobody asked for from the list"
        notes.append(
            f"the image has no {AUTOMATIC}, so apt packages that others need are listed, too; {advice}"
        )
    return packages, notes


def _conda(image: Files, parent: Files) -> tuple[tuple[Package, ...], tuple[str, ...], list[str]]:
    main, notes = _main(_new(image, parent, InstalledConda), "conda package")
    records = {item.name: item for item in main.values()}
    if "python" in records:
        version = records["python"].version
        notes.append(f"not carried over: conda `python={version}`; the Python is the one of the parent")
    candidates = [
        Listable(item.name, f"{item.name}={item.version}", item.requires)
        for name, item in records.items()
        if name not in ("python", *SEEDS)
    ]
    kept, left_out = _asked_for(candidates)
    notes += _count(left_out, "conda package")
    packages, unsaid = _sayable("conda", kept)
    channels = dict.fromkeys(records[name].channel for name in sorted(kept))
    named, channel_notes = _channels([name for name in channels if name])
    return packages, named, [*notes, *unsaid, *channel_notes]


def _channels(channels: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the channels that an image has to name, and notes about those that it cannot have."""
    kept = [name for name in channels if not name.startswith("pkgs/") and is_channel(name)]
    advice = f"its packages come from {', '.join(kept or DEFAULT_CHANNELS)}"
    notes = [f"not carried over: the channel `{name}`; {advice}" for name in channels if name not in kept]
    ordered = sorted(kept, key=lambda name: name not in DEFAULT_CHANNELS)
    return () if tuple(ordered) == DEFAULT_CHANNELS else tuple(ordered), notes


def _python(image: Files, parent: Files) -> tuple[tuple[Package, ...], list[str]]:
    foreign = files_of_conda(image)
    new = {
        path: record
        for path, record in _new(image, parent, InstalledPython).items()
        if path not in foreign
        and not path.startswith(APT_PYTHON)
        and not is_unpacked_only(path)
        and record.name not in SEEDS
    }
    main, notes = _main(new, "Python package")
    direct = sorted(item.name for path, item in main.items() if _is_direct(path, image))
    if direct:
        problem = f"not carried over: {listed(direct, SHOWN)}; installed from an address or a folder"
        notes.append(f"{problem}: write `NAME @ ADDRESS`, or copy the files with `files`")
    candidates = [
        Listable(item.name, f"{item.name}=={item.version}", item.requires)
        for path, item in main.items()
        if not _is_direct(path, image)
    ]
    kept, left_out = _asked_for(candidates)
    packages, unsaid = _sayable("pip", kept)
    builds = [item.text for item in packages if "+" in item.text]
    if builds:
        advice = "name their index in `extra_index_urls` of `pip`, or remove what is behind `+`"
        notes.append(f"not from PyPI: {listed(builds, SHOWN)}; {advice}")
    return packages, [*notes, *_count(left_out, "Python package"), *unsaid]


def _is_direct(path: str, files: Files) -> bool:
    return posixpath.join(posixpath.dirname(path), DIRECT) in files


def _r(image: Files, parent: Files) -> tuple[tuple[Package, ...], list[str]]:
    foreign = files_of_conda(image)
    records = {
        record.name: record
        for path, record in _new(image, parent, InstalledR).items()
        if path not in foreign
        and not path.startswith(APT_R)
        and not is_unpacked_only(path)
        and not record.is_part_of_r
    }
    unknown = sorted(name for name, item in records.items() if not item.entry)
    notes = (
        [f"not carried over: {listed(unknown, SHOWN)}; nothing says where R has them from"] if unknown else []
    )
    candidates = [Listable(item.name, item.entry, item.requires) for item in records.values() if item.entry]
    kept, left_out = _asked_for(candidates)
    packages, unsaid = _sayable("cran", kept)
    return packages, [*notes, *_count(left_out, "R package"), *unsaid]


def _npm(image: Files, parent: Files) -> tuple[tuple[Package, ...], list[str]]:
    records = _new(image, parent, InstalledNpm).values()
    return _sayable(
        "npm", {item.name: f"{item.name}@{item.version}" for item in records if item.name not in NODE}
    )


def _main(records: Mapping[str, T], noun: str) -> tuple[dict[str, T], list[str]]:
    """Return the records of the environment that has most of them, and notes about the others: an image has one."""
    environments = {path: _environment(path) for path in records}
    counts = Counter(sorted(environments.values()))
    main = max(counts, key=lambda name: counts[name], default="")
    notes = [
        f"not carried over: {plural(count, noun)} in /{name}; an image of a matrix has one environment"
        for name, count in counts.items()
        if name != main
    ]
    return {path: record for path, record in records.items() if environments[path] == main}, notes


def _environment(path: str) -> str:
    """Return the folder that an installer's records are in: ``site-packages`` or ``conda-meta``."""
    above = posixpath.dirname(path)
    return above if posixpath.basename(above) == "conda-meta" else posixpath.dirname(above)


def _asked_for(candidates: Iterable[Listable]) -> tuple[dict[str, str], int]:
    """Return the entries that no other one requires, by name, and the number of the others."""
    items = {item.name: item for item in candidates}
    kept = roots({name: item.requires & items.keys() for name, item in items.items()})
    return {name: items[name].entry for name in kept}, len(items) - len(kept)


def roots(requires: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the fewest names that all others are required by, sorted; of a circle, its first name."""
    required = {other for name, others in requires.items() for other in others if other != name}
    kept = sorted(requires.keys() - required)
    covered = {other for name in kept for other in _reachable(name, requires)}
    for name in sorted(requires):
        if name not in covered:
            reachable = _reachable(name, requires)
            kept = [item for item in kept if item not in reachable] + [name]
            covered |= reachable
    return sorted(kept)


def _reachable(name: str, requires: Mapping[str, frozenset[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            waiting += requires[current]
    return reached


def _count(left_out: int, noun: str) -> Iterator[str]:
    if left_out:
        yield f"left out: {plural(left_out, noun)} that others of the list require"


def _sayable(installer: Manager, entries: Mapping[str, str]) -> tuple[tuple[Package, ...], list[str]]:
    """Return a list sorted by name, and notes about what it cannot have."""
    texts = {entry: sayable(installer, entry) for _, entry in sorted(entries.items())}
    notes = [f"not carried over: {installer} `{entry}`" for entry, text in texts.items() if text is None]
    return packages_of(text for text in texts.values() if text is not None), notes
