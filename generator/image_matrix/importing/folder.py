"""Reads the folder of a hub image: the files that repo2docker and Pangeo's base image build from.

Sources: repo2docker.readthedocs.io, "Configuration Files"; github.com/pangeo-data/pangeo-docker-images, "base-image".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.yaml_loader import parse
from image_matrix.diagnostics import MatrixError
from image_matrix.importing.environment import environment_of
from image_matrix.importing.package_lists import Package
from image_matrix.importing.requirements import Requirements, lines_of, requirements_of
from image_matrix.importing.sayable import sayable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.model import Manager
    from image_matrix.importing.requirements import Read

APT, PIP, R = "apt.txt", "requirements.txt", "install.R"
CONDA = ("environment.yml", "environment.yaml")
BELOW = ("binder", ".binder")
"""Folders that have the files in place of the folder itself."""
SCRIPT = "put what it does into a Dockerfile of its own, `context: FOLDER`"
OTHERS: Mapping[str, str] = {
    "conda-lock.yml": "`image-matrix lock` locks what environment.yml asks for",
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


def lists_of(
    folder: str, names: Collection[str], read: Read
) -> tuple[dict[str, tuple[Package, ...]], Requirements]:
    """Return the packages of each installer but pip, and what is said of pip, with notes about what is left out.

    ``folder`` ends with a slash or is empty; ``names`` are the files in it. Raises :class:`MatrixError` for an
    environment that is not YAML, :class:`CallError` for one without dependencies.
    """
    notes = [
        f"not carried over: {folder}{name}; {advice}" for name, advice in OTHERS.items() if name in names
    ]
    conda, parts = _environment(folder, names, read)
    if PIP in names:
        parts = [*parts, requirements_of(f"{folder}{PIP}", read)]
    apt = tuple(_entries("apt", f"{folder}{APT}", read, notes)) if APT in names else ()
    cran = tuple(_of_r(f"{folder}{R}", read, notes)) if R in names else ()
    return {"apt": apt, "conda": conda, "cran": cran}, _joined(parts, notes)


def _environment(
    folder: str, names: Collection[str], read: Read
) -> tuple[tuple[Package, ...], list[Requirements]]:
    name = next((name for name in CONDA if name in names), None)
    if name is None:
        return (), []
    document, problems = parse(read(f"{folder}{name}"), f"{folder}{name}")
    if document is None or problems:
        raise MatrixError(problems)
    conda, pip, notes = environment_of(document, read)
    return conda, [Requirements(pip.packages, pip.extra_index_urls, (*notes, *pip.notes))]


def _entries(installer: Manager, file: str, read: Read, notes: list[str]) -> Iterator[Package]:
    """Yield the entries of a file with names, several a line."""
    for line in lines_of(read(file), file):
        for word in line.text.split():
            entry = sayable(installer, word)
            if entry is None:
                notes.append(f"not carried over: {file}:{line.number}: `{word}`")
            else:
                yield Package(entry)


def _of_r(file: str, read: Read, notes: list[str]) -> Iterator[Package]:
    """Yield the packages that a script installs from CRAN; what else it does is noted."""
    for line in lines_of(read(file), file):
        matches = list(_INSTALL.finditer(line.text))
        for match in matches:
            for name in _TEXT.findall(match["several"] or match["one"] or ""):
                yield Package(name)
        if not matches:
            notes.append(f"not carried over: {file}:{line.number}: `{line.text}`")


def _joined(parts: list[Requirements], notes: list[str]) -> Requirements:
    packages = {item.text: item for part in parts for item in part.packages}
    indexes = dict.fromkeys(index for part in parts for index in part.extra_index_urls)
    every = [*notes, *(note for part in parts for note in part.notes)]
    return Requirements(tuple(packages.values()), tuple(indexes), tuple(dict.fromkeys(every)))
