"""Reads the folder of a hub image: the files that repo2docker and Pangeo's base image build from.

Sources: repo2docker.readthedocs.io, "Configuration Files"; github.com/pangeo-data/pangeo-docker-images, "base-image".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.conda_lock import CondaLock
from image_matrix.importing.conda_lock_file import conda_lock_entries
from image_matrix.importing.environment import environment_of
from image_matrix.importing.input_places import document_of
from image_matrix.importing.listed_entries import NotReadableError
from image_matrix.importing.package_lists import Package
from image_matrix.importing.requirements import Note, Requirements, joined, lines_of, requirements_of
from image_matrix.importing.sayable import sayable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.importing.requirements import Read

APT, PIP, R = "apt.txt", "requirements.txt", "install.R"
CONDA = ("environment.yml", "environment.yaml")
CONDA_LOCKS = ("conda-lock.yml", "conda-lock.yaml", "pixi.lock")
"""What an environment was locked to, which counts in its place."""
BELOW = ("binder", ".binder")
"""Folders that have the files in place of the folder itself."""
SCRIPT = "put what it does into a Dockerfile of its own, `context: FOLDER`"
OTHERS: Mapping[str, str] = {
    "postBuild": SCRIPT,
    "start": SCRIPT,
    "Dockerfile": "`image-matrix import dockerfiles` adds it",
    "runtime.txt": "the Python or R is the one of the parent",
    "setup.py": "install the package with a Dockerfile of its own",
    "Pipfile": "write its packages into requirements.txt",
    "Project.toml": "Julia has no installer in a matrix; use a Dockerfile of its own",
    "default.nix": "Nix has no installer in a matrix; use a Dockerfile of its own",
}
"""Files that a matrix cannot say, each with what to do."""
_INSTALL = re.compile(r"install\.packages\(\s*(?:c\((?P<several>[^()]*)\)|(?P<one>[^(),]*))")
_TEXT = re.compile(r"""["']([^"']+)["']""")


def files_of(names: Collection[str]) -> str:
    """Return the folder below a folder that has the files: ``binder/``, or nothing. ``names`` are all paths in it."""
    return next(
        (f"{folder}/" for folder in BELOW if any(name.startswith(f"{folder}/") for name in names)), ""
    )


@dataclass(frozen=True, slots=True)
class FolderLists:
    """What a matrix has of a folder."""

    packages: Mapping[str, tuple[Package, ...]]
    """Those of each installer but pip."""
    channels: tuple[str, ...]
    pip: Requirements
    """With notes on what is left out."""
    conda_file: str | None
    """The lock file of conda in place of packages."""


def lists_of(folder: str, names: Collection[str], read: Read) -> FolderLists:
    """Return what a matrix has of a folder.

    ``folder`` ends with a slash or is empty; ``names`` are the files in it. Raises :class:`MatrixError` for an
    environment that is not YAML, :class:`CallError` for one without dependencies.
    """
    others = [
        Note(f"not carried over: {folder}{name}; {advice}")
        for name, advice in OTHERS.items()
        if name in names
    ]
    apt = [*_apt(f"{folder}{APT}", read)] if APT in names else []
    cran = [*_cran(f"{folder}{R}", read)] if R in names else []
    left_out = tuple(item.text for item in (*others, *apt, *cran) if isinstance(item, Note))
    pip = [Requirements((), (), left_out)]
    conda: tuple[Package, ...] = ()
    channels: tuple[str, ...] = ()
    environment = next((name for name in CONDA if name in names), None)
    lock = next((name for name in CONDA_LOCKS if name in names), None)
    if lock:
        pip.append(_pip_of_lock(f"{folder}{lock}", read))
    elif environment:
        lists = environment_of(document_of(f"{folder}{environment}", read), read)
        conda, channels = lists.packages, lists.channels
        pip.append(lists.pip)
    if PIP in names:
        pip.append(requirements_of(f"{folder}{PIP}", read))
    packages = {"apt": _packages(apt), "conda": conda, "cran": _packages(cran)}
    return FolderLists(packages, channels, joined(pip), f"{folder}{lock}" if lock else None)


def _pip_of_lock(file: str, read: Read) -> Requirements:
    """Return what pip installs beside the packages of a lock file; what is wrong with the file, `check` says."""
    try:
        locks = [item for item in conda_lock_entries(file, read) if isinstance(item, CondaLock)]
    except NotReadableError:
        locks = []
    pip = (text for lock in locks for text in lock.pip)
    known = {text: sayable("pip", text) for text in pip}
    notes = tuple(
        f"not carried over: {file}: `{text}` of pip" for text, entry in known.items() if entry is None
    )
    return Requirements(tuple(Package(entry) for entry in known.values() if entry), (), notes)


def _packages(parts: Iterable[Package | Note]) -> tuple[Package, ...]:
    return tuple(item for item in parts if isinstance(item, Package))


def _apt(file: str, read: Read) -> Iterator[Package | Note]:
    """Yield what a file with names says, several a line."""
    for line in lines_of(read(file), file):
        for word in line.text.split():
            entry = sayable("apt", word)
            yield Package(entry) if entry else Note(f"not carried over: {file}:{line.number}: `{word}`")


def _cran(file: str, read: Read) -> Iterator[Package | Note]:
    """Yield the packages that a script installs from CRAN, and what else it does."""
    for line in lines_of(read(file), file):
        matches = list(_INSTALL.finditer(line.text))
        for match in matches:
            for name in _TEXT.findall(match["several"] or match["one"] or ""):
                entry = sayable("cran", name)
                yield Package(entry) if entry else Note(f"not carried over: {file}:{line.number}: `{name}`")
        if not matches:
            yield Note(f"not carried over: {file}:{line.number}: `{line.text}`")
