"""A repository on disk: its matrix, overlays, templates and lock as texts. The only reader of input files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.output_tree.files import File
from image_matrix.project.included_files import ProjectFiles, included_files
from image_matrix.project.text_files import MATRIX, not_text, read_text
from image_matrix.project.whiteouts import faults, is_whiteout, laid_over
from image_matrix.render.compiled import compiled_templates
from image_matrix.render.template_cycles import template_cycles
from image_matrix.render.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Mapping


LOCK = "matrix.lock.yaml"
DOCKERFILES, WORKFLOWS, PAGES = "dockerfiles/", "workflows/", "pages/"
TEXTS = (DOCKERFILES, WORKFLOWS, PAGES)
"""Folders of templates that are read as text; what is below ``rootfs`` goes into images as it is."""
COMPILED = "__pycache__"
LEFT_BY_EDITORS = ("*~", "#*#", ".#*", ".*.sw[a-p]", ".*.kate-swp", ".DS_Store")
"""Names of backups, swap files and locks of Emacs, Vim, nano and Kate, and of what macOS' Finder leaves in folders."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that rendering depends on, already read."""

    texts: Mapping[str, str]
    """The matrix and its overlays: name as the user gave it, to text."""
    templates: Templates
    lock: str | None = None
    """Text of the lock, where there is one."""
    included: Mapping[str, str] = field(default_factory=dict)
    """The files that the matrix includes: path to text."""


def read_inputs(root: Path, matrix: str = MATRIX, overlays: tuple[str, ...] = ()) -> Inputs:
    """Read a repository.

    ``matrix`` is relative to ``root``, overlays to the working directory. Raises :class:`MatrixError` where a file
    cannot be read.
    """
    texts = {matrix: read_text(root / matrix, matrix)}
    texts |= {overlay: read_text(Path(overlay), overlay) for overlay in overlays}
    included = included_files(matrix, texts[matrix], files_on_disk(root))
    return Inputs(texts, read_templates(root), _lock(root / LOCK), included)


def files_on_disk(root: Path) -> ProjectFiles:
    """Return the files below a folder."""

    def names(folder: str) -> list[str]:
        place = root / folder
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def leads_outside(path: str) -> bool:
        return not (root / path).resolve().is_relative_to(root.resolve())

    return ProjectFiles(names, lambda path: read_text(root / path, path), leads_outside)


def _lock(path: Path) -> str | None:
    """Return the text of the lock, or ``None`` where there is no lock."""
    if not os.path.lexists(path):
        return None
    if path.is_dir():
        problem, advice = "it is a folder", "move it away, then run `image-matrix lock`"
        place = Place(LOCK, 0, 0)
        raise MatrixError([diagnostic(rules.UNREADABLE, place, file=LOCK, problem=problem, advice=advice)])
    return read_text(path, LOCK)


def builtin_templates() -> Path:
    """Return the folder of the templates that come with image-matrix."""
    return Path(__file__).parent.parent / "templates"


def read_templates(root: Path) -> Templates:
    """Read a repository's templates on top of those that come with image-matrix.

    Raises :class:`MatrixError` where one is not text, or removes what is not there.
    """
    from dataclasses import replace

    own, builtin = template_files(root / "templates"), builtin_files(root)
    wrong = [
        said
        for path, file in own.items()
        if path.startswith(TEXTS) and path.endswith(".j2")
        if (said := not_text(file.content, f"templates/{path}"))
    ]
    wrong += faults(builtin, own)
    templates = templates_of(own, builtin)
    wrong += template_cycles(templates)
    if wrong:
        raise MatrixError(wrong)
    return replace(templates, compiled=compiled_templates())


def builtin_files(root: Path) -> dict[str, File]:
    """Read the templates that come with image-matrix; none for the repository that they come from."""
    folder = builtin_templates()
    return {} if (root / "templates").resolve() == folder.resolve() else template_files(folder)


def templates_of(own: Mapping[str, File], builtin: Mapping[str, File]) -> Templates:
    """Lay a repository's template files over the built-in ones, and sort them by what they are for."""
    every = laid_over(builtin, own)
    rootfs: dict[str, dict[str, File]] = {}
    for path, file in every.items():
        top, _, rest = path.partition("/")
        kind, _, below = rest.partition("/")
        if top == "rootfs" and below:
            rootfs.setdefault(kind, {})[below] = file
    replaced = frozenset(
        f"templates/{path}" for path in own if path in builtin and own[path] != builtin[path]
    )
    custom = frozenset(path for path in own if path not in builtin and not is_whiteout(path))
    return Templates(
        dockerfiles=_texts(every, DOCKERFILES),
        rootfs=rootfs,
        workflows=_texts(every, WORKFLOWS),
        pages=_texts(every, PAGES),
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
    """Say whether a file below ``templates`` is a template, not what an editor or Python, run by pip, left there."""
    *folders, name = path.split("/")
    return COMPILED not in folders and not any(fnmatchcase(name, pattern) for pattern in LEFT_BY_EDITORS)


def template_files(folder: Path) -> dict[str, File]:
    """Read the templates below a folder (:func:`is_template`), sorted by path.

    Raises :class:`OSError` where a folder cannot be read: what is in it must not count as not there.
    """
    found = {}
    for directory, folders, names in os.walk(folder, onerror=_refuse) if folder.is_dir() else ():
        folders[:] = [name for name in folders if name != COMPILED]
        here = Path(directory)
        below = here.relative_to(folder)
        # links to folders are files to us, too
        links = [name for name in folders if (here / name).is_symlink()]
        for name in filter(is_template, [*names, *links]):
            path = here / name
            symlink = path.is_symlink()
            # Path.readlink changes `./x` to `x`
            content = os.readlink(path).encode() if symlink else path.read_bytes()  # noqa: PTH115
            found[(below / name).as_posix()] = template_file(content, symlink=symlink)
    return dict(sorted(found.items()))


def _refuse(error: OSError) -> None:
    raise error


def template_file(content: bytes, *, symlink: bool) -> File:
    """Make a file of a template folder, independent of the checkout's line ends, modes and umask."""
    if symlink or b"\0" in content:
        return File(content, executable=not symlink, symlink=symlink)
    # COPY gives every file of a rootfs the same mode, so that a checkout's modes cannot reach an image
    return File(content.replace(b"\r\n", b"\n"), executable=True)
