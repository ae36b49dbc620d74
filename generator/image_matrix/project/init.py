"""Creates a new repository: a small working matrix, the templates, and files for the team's tools."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.config.annotations import SOURCE
from image_matrix.config.pattern import fits
from image_matrix.config.schema import schema_text
from image_matrix.errors import CallError, Failure
from image_matrix.lock.read import pins
from image_matrix.output_tree.files import File
from image_matrix.output_tree.tree import apply, compare
from image_matrix.project.inputs import LOCK, builtin_templates, is_template, template_files, templates_of
from image_matrix.project.load import load
from image_matrix.project.origin import runs_github_actions
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
"""Path in the new repository to the file in ``scaffold/`` beside this module. Existing files are kept."""
SCHEMA = "matrix.schema.json"
REGISTRY = "registry: ghcr.io/example/notebooks"
WORKFLOW = "workflow: none"
"""Lines of the scaffold's matrix that settings replace."""
DEFAULT_BRANCH = "main"
GENERATOR = """\
workflow:
  # what the jobs on GitHub install: its repository must be one that they can read without a login
  generator: {generator}"""
DEFAULTS = "defaults: {images: {platforms: [linux/amd64]}}"
LABELED = """\
defaults:
  images:
    platforms: [linux/amd64]
    # GitHub connects packages with this repository, and the graph in docs/images.md links to it
    labels: {{{label}: {address}}}"""
NEUTRAL = re.compile(
    r"\..*|(README|LICEN[CS]E|COPYING|NOTICE|CHANGELOG|CONTRIBUTING|CODE_OF_CONDUCT|SECURITY)\b.*",
    re.IGNORECASE,
)
"""Names of files that any project may have, such as those of a new repository on GitHub."""


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """Settings of a new repository that depend on its place."""

    generator: str | None
    """``workflow.generator``; ``None`` means no workflow."""
    registry: str | None = None
    """``None`` keeps the example registry, which users replace."""
    default_branch: str | None = None
    """``None`` keeps the default, ``main``."""
    address: str | None = None
    """Where the repository is pushed to, if that is known."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The files of a new repository, by path."""

    inputs: Mapping[str, File]
    """The matrix, its schema and the templates."""
    side: Mapping[str, File]
    """Files that the team may already have."""
    rendered: Mapping[str, File]

    @property
    def essential(self) -> dict[str, File]:
        """Files that must have exactly this content, or the repository does not work."""
        return {**self.inputs, **self.rendered}


def is_generator(text: str) -> bool:
    """Return whether a text is valid as ``workflow.generator``."""
    sections = json.loads(schema_text())["properties"]["workflow"]["anyOf"]
    return fits(sections[-1]["properties"]["generator"]["pattern"], text)


def new_repository(settings: RepositorySettings) -> Repository:
    """Return the files of a new repository, rendered files included. Does not write them.

    Raises :class:`MatrixError` for an invalid setting.
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


def _matrix(settings: RepositorySettings) -> File:
    """Return the scaffold's matrix with the settings in it."""
    text = _scaffold("matrix.yaml").content.decode()
    if settings.registry:
        text = text.replace(REGISTRY, f"registry: {json.dumps(settings.registry)}")
    if settings.address and runs_github_actions(settings.address):
        address = json.dumps(settings.address.removesuffix(".git"))
        text = text.replace(DEFAULTS, LABELED.format(label=SOURCE, address=address))
    if settings.generator:
        branch = settings.default_branch
        lines = [GENERATOR.format(generator=json.dumps(settings.generator))]
        lines += [f"  default_branch: {json.dumps(branch)}"] if branch not in (None, DEFAULT_BRANCH) else []
        text = text.replace(WORKFLOW, "\n".join(lines))
    return File(text.encode())


def _scaffold(name: str) -> File:
    return File((Path(__file__).parent / "scaffold" / name).read_bytes())


def _schema() -> File:

    return File(schema_text().encode())


def _templates(files: Mapping[str, File]) -> dict[str, File]:
    """Return the templates as files to edit, not executable: the modes of files in an image do not depend on them."""
    return {f"templates/{path}": replace(file, executable=False) for path, file in files.items()}


def refuse_place(root: Path, repository: Repository, generator: str | None = None) -> None:
    """Raise :class:`Failure` if a folder belongs to another project or has a matrix.

    The folder may have what ``generator`` names: a copy of image-matrix.
    """
    above = None if (root / ".git").exists() else matrix_above(root.resolve().parent)
    if above is not None:
        relative = os.path.relpath(above)
        command = "image-matrix" if relative == "." else f"image-matrix -C {shlex.quote(relative)}"
        advice = f"to use that one, run `{command} list`; to add a second one below it, run `init --inside`"
        raise Failure(f"{root} is below {above}, which already has a {MATRIX}", advice)
    if (root / MISSPELT).is_file():
        advice = f"use it with `image-matrix --matrix {MISSPELT} check`, or rename it to {MATRIX}"
        raise Failure(f"{root} already has a {MISSPELT}", advice)
    known = {path.partition("/")[0] for path in (*repository.essential, *repository.side)}
    known |= {(generator or "").removeprefix("./").partition("/")[0].partition("[")[0]}
    names = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    others = [name for name in names if name not in known and not NEUTRAL.fullmatch(name)]
    if others:
        advice = "choose a new folder, such as `image-matrix init notebooks`; `init --inside` keeps the other files"
        raise Failure(f"{root} has files of another project: {listed(others, 3)}", advice)


def create(root: Path, repository: Repository) -> tuple[list[str], list[str]]:
    """Write a new repository; return the paths that were written and the existing ones that were kept.

    Before it writes anything, it raises :class:`Failure` if a file with another content exists, and
    :class:`CallError` if ``root`` is not a folder.
    """
    if _exists(root) and not root.is_dir():
        raise CallError(f"{root} is not a folder")
    _refuse_clash(root, repository)
    kept = [path for path in repository.side if _exists(root / path)]
    written = {**repository.inputs, **repository.side}
    for path in kept:
        del written[path]
    apply(root, compare(root, repository.rendered), written)
    return [*written, *repository.rendered], kept


def _refuse_clash(root: Path, repository: Repository) -> None:
    clashing = [path for path, file in repository.essential.items() if _differs(root, path, file)]
    clashing += [path for path in _existing_inputs(root) if path not in repository.inputs]
    if clashing:
        message = f"{root} has files that would be overwritten: {listed(clashing, 3)}"
        raise Failure(message, "choose an empty folder, or move these files to another folder")


def _existing_inputs(root: Path) -> list[str]:
    """Return the existing files that `render` reads, except the matrix."""
    templates = root / "templates"
    below = sorted(templates.rglob("*")) if templates.is_dir() else []
    templates_in_folder = [
        path for path in below if not path.is_dir() and is_template(path.relative_to(templates).as_posix())
    ]
    lock = [root / LOCK] if _exists(root / LOCK) else []
    return [path.relative_to(root).as_posix() for path in (*templates_in_folder, *lock)]


def _differs(root: Path, path: str, file: File) -> bool:
    """Return whether a path has another content, or a file has the name of one of its folders."""
    folders = [root.joinpath(*Path(path).parts[:count]) for count in range(1, len(Path(path).parts))]
    if any(_exists(folder) and not folder.is_dir() for folder in folders):
        return True
    target = root / path
    if not _exists(target):
        return False
    same = target.is_file() and not target.is_symlink() and not file.symlink
    return not (same and target.read_bytes() == file.content)


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()
