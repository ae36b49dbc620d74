"""Finds pins that changed in the matrix but not in the lock: a locked value must not float without an error.

An entry of the lock answers one question of the matrix. Where the matrix asks another one in its place, rendering
without the entry would install whatever is newest on the day of the build. So that is an error, at the line that moved.
What the lock never knew is no error here: :func:`image_matrix.lock.read.unlocked` lists it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.catalog import offered_sources
from image_matrix.config.extensions import OPEN_VSX, identifier_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.extension_pins import needed_extensions
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.model import ARCHITECTURES
from image_matrix.lock.moved_packages import moved_packages
from image_matrix.lock.read import floats, required_files, used_sources
from image_matrix.lock.snapshots import snapshot_sources
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.lock.model import Lock
    from image_matrix.lock.pins import Pins
    from image_matrix.lock.read import RequiredFile

ANY = "\0"
"""In place of a version: no address has it."""


def moved(lock: Lock, loaded: Loaded, pins: Pins, alone: Loaded | None) -> list[Finding]:
    """Return what floats although the lock has an entry that was made for it.

    ``alone`` is the matrix without the overlays of ``loaded``, where there are some: the lock is the matrix' own, and
    what an overlay replaces floats at its site, but has not moved.
    """
    matrices = (loaded, alone) if alone else (loaded,)
    required = required_files(loaded)
    requested = {item.address for item in (*required, *(required_files(alone) if alone else ()))}
    unused = [name for name in lock.downloads if name not in requested and not name.startswith(OPEN_VSX)]
    floating = [item for item in required if not item.checksum and item.address not in lock.downloads]
    return [
        *_sources(lock, loaded, pins, matrices),
        *_snapshots(lock, loaded, matrices),
        *_files(loaded, floating, unused),
        *_extensions(lock, loaded, pins, matrices),
        *moved_packages(lock.python, loaded, pins.requirements, alone, "pip"),
        *moved_packages(lock.conda, loaded, pins.explicit, alone, "conda"),
    ]


def _replaced(
    floating: Mapping[str, Path], unused: Collection[str], alike: Callable[[str, str], bool]
) -> Iterator[Finding]:
    """Pair what floats with the unused entries that are ``alike``, and say it once for a line.

    An unused entry that is like nothing may be anything's: whoever replaced it has a new address. The one with the most
    similar name is paired then, and with one item only.
    """
    former = {name: [entry for entry in unused if alike(name, entry)] for name in floating}
    paired = {entry for entries in former.values() for entry in entries}
    others = sorted(set(unused) - paired)
    moved_paths: set[Path] = set()
    for name, path in floating.items():
        if path in moved_paths:
            continue
        if entry := next(iter(former[name] or _nearest(name, others)), None):
            others = [other for other in others if other != entry]
            moved_paths.add(path)
            yield rules.PIN_MOVED.at(path, problem=f"the lock has {entry}, not {name}")


def _nearest(name: str, others: Collection[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, others, n=1, cutoff=0)


def _sources(lock: Lock, loaded: Loaded, pins: Pins, matrices: tuple[Loaded, ...]) -> Iterator[Finding]:
    names = (*used_sources(loaded), *offered_sources(loaded.matrix))
    named: dict[str, Path] = {loaded.matrix.sources[name]: ("sources", name) for name in names}
    if loaded.uses_frontend:
        named[loaded.matrix.network.frontend] = ("network", "frontend")
    requested = {
        reference
        for one in matrices
        for reference in (one.matrix.network.frontend, *one.matrix.sources.values())
    }
    # a reference with its digest is its own pin
    unused = [reference for reference in lock.sources if reference not in requested and "@" not in reference]
    floating = {reference: path for reference, path in named.items() if floats(reference, pins)}
    return _replaced(floating, unused, _same_repository)


def _same_repository(one: str, other: str) -> bool:
    return parse_reference(one).name == parse_reference(other).name


def _snapshots(lock: Lock, loaded: Loaded, matrices: tuple[Loaded, ...]) -> Iterator[Finding]:
    known = {name for one in matrices for name in one.matrix.sources}
    unused = [name for name in lock.apt if name not in known]
    for name in snapshot_sources(loaded.matrix, loaded.variants):
        if unused and name not in lock.apt:
            problem = f"the lock has an apt snapshot for `{_nearest(name, unused)[0]}`, not for `{name}`"
            yield rules.PIN_MOVED.at(("sources", name), "key", problem=problem)


def _files(loaded: Loaded, floating: list[RequiredFile], unused: list[str]) -> Iterator[Finding]:
    items = {item.address: item for item in floating}
    forms = {address: _form(loaded, item) for address, item in items.items()}
    return _replaced(
        {address: (*item.path, "version") for address, item in items.items()},
        unused,
        lambda name, entry: bool(forms[name].fullmatch(entry)),
    )


def _extensions(lock: Lock, loaded: Loaded, pins: Pins, matrices: tuple[Loaded, ...]) -> Iterator[Finding]:
    """Pair the extensions that are listed; a member of a pack moves with the pack."""
    lines = {
        entry: path
        for variant in loaded.variants.values()
        for entry, path in requirement_lines(loaded, variant, "extensions")
    }
    floating = {name for item in pins.extensions.values() for name in item.floating}
    used = {entry for one in matrices for entry in needed_extensions(lock, one)}
    members = {name.lower() for item in lock.extensions.values() for name in item.needs}
    unused = [name for name in lock.extensions if name not in used and identifier_of(name) not in members]
    return _replaced(
        {entry: path for entry, path in lines.items() if entry in floating},
        unused,
        lambda name, entry: identifier_of(name) == identifier_of(entry),
    )


def _form(loaded: Loaded, item: RequiredFile) -> re.Pattern[str]:
    """Return what the addresses of a download's other versions look like."""
    download = replace(loaded.matrix.downloads[item.name], version=ANY)
    addresses = [download.address(arch) for arch in ARCHITECTURES]
    return re.compile("|".join(".+".join(map(re.escape, address.split(ANY))) for address in addresses))
