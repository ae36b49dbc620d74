"""Reads the matrix, overlays, templates and lock of a repository. No other module reads input files."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.context_reader import NO_FILES, ContextReader
from image_matrix.output_tree.files import File
from image_matrix.project.context_folders import contexts_on_disk
from image_matrix.project.included_files import included_files
from image_matrix.project.json_files import faulty_templates
from image_matrix.project.project_files import ProjectFiles, leads_outside, names_in
from image_matrix.project.text_files import MATRIX, not_text, read_text
from image_matrix.project.whiteouts import faults, is_whiteout, laid_over
from image_matrix.render.compiled import compiled_templates
from image_matrix.render.template_cycles import template_cycles
from image_matrix.render.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


LOCK = "matrix.lock.yaml"
DOCKERFILES, WORKFLOWS, PAGES = "dockerfiles/", "workflows/", "pages/"
TEXTS = (DOCKERFILES, WORKFLOWS, PAGES)
"""Folders of templates that are read as text; files below ``rootfs`` go into images unchanged."""
COMPILED = "__pycache__"
LEFT_BY_EDITORS = ("*~", "#*#", ".#*", ".*.sw[a-p]", ".*.kate-swp", ".DS_Store")
"""Names of backups, swap files and locks of Emacs, Vim, nano and Kate, and of the files of macOS' Finder."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The contents of all files that rendering depends on."""

    texts: Mapping[str, str]
    """The matrix and its overlays: name as given by the user, to text."""
    templates: Templates
    lock: str | None = None
    """Text of the lock, if it exists."""
    included: Mapping[str, str] = field(default_factory=dict)
    """The files that the matrix includes: path to text."""
    contexts: ContextReader = NO_FILES
    """Reads the Dockerfiles that the matrix names, and their folders."""


def read_inputs(root: Path, matrix: str = MATRIX, overlays: tuple[str, ...] = ()) -> Inputs:
    """Read a repository.

    ``matrix`` is relative to ``root``, overlays to the working directory. Raises :class:`MatrixError` if a file cannot
    be read.
    """
    return inputs_with(read_text(root / matrix, matrix), root, matrix, overlays)


def inputs_with(text: str, root: Path, matrix: str = MATRIX, overlays: tuple[str, ...] = ()) -> Inputs:
    """Read a repository as :func:`read_inputs` does, with another text in place of its matrix."""
    texts = {matrix: text}
    texts |= {overlay: read_text(Path(overlay), overlay) for overlay in overlays}
    included = included_files(matrix, texts[matrix], files_on_disk(root))
    folders = {overlay: folder_of_overlay(root, overlay) for overlay in overlays}
    contexts = replace(
        contexts_on_disk(root, folders), matrix_files=paths_of_matrix(matrix, included, folders)
    )
    return Inputs(texts, read_templates(root), _lock(root / LOCK), included, contexts)


def paths_of_matrix(matrix: str, included: Iterable[str], overlays: Mapping[str, str]) -> tuple[str, ...]:
    """Return the paths of what a matrix consists of; ``overlays`` are names with their folders."""
    named = [f"{folder}/{Path(overlay).name}" for overlay, folder in overlays.items()]
    return tuple(map(posixpath.normpath, (matrix, LOCK, *included, *named)))


def folder_of_overlay(root: Path, overlay: str) -> str:
    """Return the folder of an overlay, relative to the project: what it names, it names from there."""
    return Path(os.path.relpath(Path(overlay).parent, root)).as_posix()


def files_on_disk(root: Path) -> ProjectFiles:
    """Return the files below a folder."""
    return ProjectFiles(
        lambda folder: names_in(root, folder),
        lambda path: read_text(root / path, path),
        lambda path: leads_outside(root, path),
    )


def _lock(path: Path) -> str | None:
    """Return the text of the lock, or ``None`` if it does not exist."""
    if not os.path.lexists(path):
        return None
    if path.is_dir():
        problem, advice = (
            "it is a folder",
            f"rename the folder, and restore the lock, `git checkout HEAD -- {LOCK}`",
        )
        place = Place(LOCK, 0, 0)
        raise MatrixError([diagnostic(rules.UNREADABLE, place, file=LOCK, problem=problem, advice=advice)])
    return read_text(path, LOCK)


def builtin_templates() -> Path:
    """Return the folder of the templates that come with image-matrix."""
    return Path(__file__).parent.parent / "templates"


def read_templates(root: Path) -> Templates:
    """Read a repository's templates on top of those that come with image-matrix.

    Raises :class:`MatrixError` if a template is not text, or removes a file that does not exist.
    """
    repository_files, builtin = template_files(root / "templates"), builtin_files(root)
    problems = [
        problem
        for path, file in repository_files.items()
        if path.startswith(TEXTS) and path.endswith(".j2")
        if (problem := not_text(file.content, f"templates/{path}"))
    ]
    problems += faults(builtin, repository_files)
    problems += faulty_templates(repository_files)
    templates = templates_of(repository_files, builtin)
    problems += template_cycles(templates)
    if problems:
        raise MatrixError(problems)
    return replace(templates, compiled=compiled_templates())


def builtin_files(root: Path) -> Mapping[str, File]:
    """Return the built-in templates; none for the repository that contains them."""
    return {} if (root / "templates").resolve() == builtin_templates().resolve() else _shipped()


@cache
def _shipped() -> Mapping[str, File]:
    """Read the built-in templates, once for each process: they belong to the program."""
    return MappingProxyType(template_files(builtin_templates()))


def custom_templates(root: Path, templates: Templates) -> frozenset[str]:
    """Return the paths below ``templates/`` of what a repository brings itself; none in that of image-matrix."""
    return templates.custom | templates.replaced if builtin_files(root) else frozenset()


def templates_of(repository_files: Mapping[str, File], builtin: Mapping[str, File]) -> Templates:
    """Lay a repository's template files over the built-in ones, and sort them by purpose."""
    files = laid_over(builtin, repository_files)
    rootfs: dict[str, dict[str, File]] = {}
    for path, file in files.items():
        top, _, rest = path.partition("/")
        kind, _, below = rest.partition("/")
        if top == "rootfs" and below:
            rootfs.setdefault(kind, {})[below] = file
    replaced = frozenset(
        f"templates/{path}"
        for path in repository_files
        if path in builtin and repository_files[path] != builtin[path]
    )
    custom = frozenset(path for path in repository_files if path not in builtin and not is_whiteout(path))
    return Templates(
        dockerfiles=_texts(files, DOCKERFILES),
        rootfs=rootfs,
        workflows=_texts(files, WORKFLOWS),
        pages=_texts(files, PAGES),
        replaced=replaced,
        custom=custom,
    )


def _texts(files: Mapping[str, File], folder: str) -> dict[str, str]:
    return {
        path.removeprefix(folder): file.content.decode("utf-8", "replace")
        for path, file in files.items()
        if path.startswith(folder) and path.endswith(".j2")
    }


def is_template(path: str) -> bool:
    """Return whether a file below ``templates`` is a template, and not a leftover of an editor or of Python."""
    *folders, name = path.split("/")
    return COMPILED not in folders and not any(fnmatchcase(name, pattern) for pattern in LEFT_BY_EDITORS)


def template_files(folder: Path) -> dict[str, File]:
    """Read the templates below a folder (:func:`is_template`), sorted by path.

    Raises :class:`OSError` if a folder cannot be read: its files must not count as missing.
    """
    files = {}
    for directory, folders, names in os.walk(folder, onerror=_refuse) if folder.is_dir() else ():
        folders[:] = [name for name in folders if name != COMPILED]
        current = Path(directory)
        relative = current.relative_to(folder)
        # links to folders count as files
        links = [name for name in folders if (current / name).is_symlink()]
        for name in filter(is_template, [*names, *links]):
            path = current / name
            symlink = path.is_symlink()
            # Path.readlink changes `./x` to `x`
            content = os.readlink(path).encode() if symlink else path.read_bytes()  # noqa: PTH115
            files[(relative / name).as_posix()] = template_file(content, symlink=symlink)
    return dict(sorted(files.items()))


def _refuse(error: OSError) -> None:
    raise error


def template_file(content: bytes, *, symlink: bool) -> File:
    """Return a template file with a content and a mode that do not depend on the checkout's line ends and umask."""
    if symlink or b"\0" in content:
        return File(content, executable=not symlink, symlink=symlink)
    # COPY gives every file of a rootfs the same mode, so that a checkout's modes cannot reach an image
    return File(content.replace(b"\r\n", b"\n"), executable=True)
