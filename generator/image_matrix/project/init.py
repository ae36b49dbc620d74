"""A new repository: a small matrix that works, the templates, and what goes with them."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.config.pattern import fits
from image_matrix.config.schema import schema_text
from image_matrix.errors import CallError, Failure
from image_matrix.lock.read import pins
from image_matrix.output_tree.files import File
from image_matrix.output_tree.tree import apply, compare
from image_matrix.project.inputs import LOCK, builtin_templates, is_template, template_files, templates_of
from image_matrix.project.load import load
from image_matrix.project.render import render_all
from image_matrix.project.text_files import MATRIX, MISSPELT, matrix_above
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

SIDE_FILES = {
    "README.md": "README.md",
    ".gitattributes": "gitattributes",
    ".gitignore": "gitignore",
    ".hadolint.yaml": "hadolint.yaml",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
}
"""Path in the new repository to the file in ``scaffold`` beside this module; an existing file is kept."""
SCHEMA = "matrix.schema.json"
REGISTRY = "registry: ghcr.io/example/notebooks"
WORKFLOW = "workflow: none"
"""Lines of the scaffold's matrix that settings take the place of."""
GENERATOR = """\
workflow:
  # what the jobs on GitHub install: its repository must be one that they can read without a login
  generator: {generator}"""
NEUTRAL = re.compile(
    r"\..*|(README|LICEN[CS]E|COPYING|NOTICE|CHANGELOG|CONTRIBUTING|CODE_OF_CONDUCT|SECURITY)\b.*",
    re.IGNORECASE,
)
"""Names of files that say nothing about whose folder it is: a new repository on GitHub has some of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a new repository is told, because nothing in it could know."""

    generator: str | None
    """``workflow.generator``; none: no workflow."""
    registry: str | None = None
    """None: the example, which is to be replaced."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The files of a new repository, by path."""

    inputs: Mapping[str, File]
    """The matrix, its schema and the templates."""
    side: Mapping[str, File]
    """What a team has its own of, perhaps."""
    rendered: Mapping[str, File]

    @property
    def essential(self) -> dict[str, File]:
        """What must be as it is here, or the repository would not work."""
        return {**self.inputs, **self.rendered}


def is_generator(text: str) -> bool:
    """Say whether a text can be ``workflow.generator``."""
    sections = json.loads(schema_text())["properties"]["workflow"]["anyOf"]
    return fits(sections[-1]["properties"]["generator"]["pattern"], text)


def new_repository(settings: Settings) -> Repository:
    """Return a repository whose tree is rendered already; nothing is written.

    Raises :class:`MatrixError` for a setting that the matrix cannot hold.
    """
    files = template_files(builtin_templates())
    templates = templates_of(files, {})
    matrix = _matrix(settings)
    loaded = load({MATRIX: matrix.content.decode()}, templates.kinds)
    return Repository(
        inputs={MATRIX: matrix, SCHEMA: _schema(), **_templates(files)},
        side={path: _scaffold(name) for path, name in SIDE_FILES.items()},
        rendered=render_all(loaded, pins(None, loaded), templates),
    )


def _matrix(settings: Settings) -> File:
    """Return the scaffold's matrix with the settings in it."""
    text = _scaffold("matrix.yaml").content.decode()
    if settings.registry:
        text = text.replace(REGISTRY, f"registry: {json.dumps(settings.registry)}")
    if settings.generator:
        text = text.replace(WORKFLOW, GENERATOR.format(generator=json.dumps(settings.generator)))
    return File(text.encode())


def _scaffold(name: str) -> File:
    return File((Path(__file__).parent / "scaffold" / name).read_bytes())


def _schema() -> File:

    return File(schema_text().encode())


def _templates(files: Mapping[str, File]) -> dict[str, File]:
    """Return the templates as files to edit; which of them are executable in an image is not a template's business."""
    return {f"templates/{path}": replace(file, executable=False) for path, file in files.items()}


def refuse_place(root: Path, repository: Repository) -> None:
    """Raise :class:`Failure` where a folder belongs to another project, or to a matrix that is there already."""
    above = None if (root / ".git").exists() else matrix_above(root.parent)
    if above is not None:
        where = os.path.relpath(above)
        call = "image-matrix" if where == "." else f"image-matrix -C {shlex.quote(where)}"
        advice = f"that one: `{call} list`; a second one below it: `init --inside`"
        raise Failure(f"{root} is below a repository that has a {MATRIX} already, {above}", advice)
    if (root / MISSPELT).is_file():
        advice = f"use it: `image-matrix --matrix {MISSPELT} check`, or rename it to {MATRIX}"
        raise Failure(f"{root} has a {MISSPELT} already", advice)
    ours = {path.partition("/")[0] for path in (*repository.essential, *repository.side)}
    names = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    others = [name for name in names if name not in ours and not NEUTRAL.fullmatch(name)]
    if others:
        advice = "choose a new folder, such as `image-matrix init notebooks`; `init --inside` adds to what is there"
        raise Failure(f"{root} has files of another project: {listed(others, 3)}", advice)


def create(root: Path, repository: Repository) -> tuple[list[str], list[str]]:
    """Write a new repository; return the paths that were written and those that were there and are kept.

    Before anything is written, raises :class:`Failure` where a file of another content is in the way, and
    :class:`CallError` where ``root`` is no folder.
    """
    if _is_there(root) and not root.is_dir():
        raise CallError(f"{root} is not a folder")
    _refuse_clash(root, repository)
    kept = [path for path in repository.side if _is_there(root / path)]
    written = {**repository.inputs, **repository.side}
    for path in kept:
        del written[path]
    apply(root, compare(root, repository.rendered), written)
    return [*written, *repository.rendered], kept


def _refuse_clash(root: Path, repository: Repository) -> None:
    clashing = [path for path, file in repository.essential.items() if _differs(root, path, file)]
    clashing += [path for path in _inputs_there(root) if path not in repository.inputs]
    if clashing:
        message = f"{root} has files that are in the way: {listed(clashing, 3)}"
        raise Failure(message, "choose an empty folder, or move them away")


def _inputs_there(root: Path) -> list[str]:
    """Return the files in a folder that rendering would read, beside the matrix."""
    templates = root / "templates"
    below = sorted(templates.rglob("*")) if templates.is_dir() else []
    found = [
        path for path in below if not path.is_dir() and is_template(path.relative_to(templates).as_posix())
    ]
    lock = [root / LOCK] if _is_there(root / LOCK) else []
    return [path.relative_to(root).as_posix() for path in (*found, *lock)]


def _differs(root: Path, path: str, file: File) -> bool:
    """Say whether something else stands where a file is to go: another file, or one in place of its folder."""
    folders = [root.joinpath(*Path(path).parts[:count]) for count in range(1, len(Path(path).parts))]
    if any(_is_there(folder) and not folder.is_dir() for folder in folders):
        return True
    target = root / path
    if not _is_there(target):
        return False
    same = target.is_file() and not target.is_symlink() and not file.symlink
    return not (same and target.read_bytes() == file.content)


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
