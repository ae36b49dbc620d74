"""Reads the files of a repository at a revision from git, without a checkout."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.context_reader import LINK
from image_matrix.project.commit_files import files_of_commit, git_output
from image_matrix.project.contexts_at_revisions import contexts_at
from image_matrix.project.included_files import included_files
from image_matrix.project.inputs import (
    LOCK,
    Inputs,
    builtin_files,
    folder_of_overlay,
    is_template,
    paths_of_matrix,
    template_file,
    templates_of,
)
from image_matrix.project.project_files import ProjectFiles
from image_matrix.project.revisions import revision_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.output_tree.files import File


def read_inputs_at(
    root: Path, revision: str, matrix: str, overlays: Mapping[str, str], option: str = "--since"
) -> Inputs | None:
    """Return a repository's inputs at a revision, or ``None`` if it had no matrix then.

    ``overlays`` are the current ones: they describe the site of the caller, not the history. ``option`` is the option
    that named the revision. Raises :class:`CallError` for an unknown revision, :class:`EnvironmentFailure` if git
    fails, and :class:`MatrixError` if an included file cannot be read.
    """
    commit = revision_named(root, revision, option)[1]
    blobs = _blobs(root, commit, revision, (matrix, LOCK, "templates"))
    if matrix not in blobs:
        return None
    repository_files = {
        path.removeprefix("templates/"): file
        for path, file in blobs.items()
        if path.startswith("templates/") and is_template(path)
    }
    text = _text(blobs[matrix])
    included = included_files(matrix, text, _files_at(root, commit, revision))
    # what a file names is relative to its folder, so its name here has no slash of a branch as in origin/main
    shown = commit[:12] if "/" in revision else revision
    folders = {name: folder_of_overlay(root, name) for name in overlays}
    files = paths_of_matrix(matrix, included, folders)
    return Inputs(
        {f"{matrix}@{shown}": text, **overlays},
        templates_of(repository_files, builtin_files(root)),
        _text(blobs[LOCK]) if LOCK in blobs else None,
        {f"{path}@{shown}": text for path, text in included.items()},
        replace(contexts_at(root, commit, revision, folders), matrix_files=files),
    )


def text_of_commit(root: Path, commit: str, path: str) -> str | None:
    """Return the text of a file of a commit, below ``root``; ``None`` if it has no such file."""
    file = _blobs(root, commit, commit, (path,)).get(path)
    return _text(file) if file else None


def _files_at(root: Path, commit: str, revision: str) -> ProjectFiles:
    """Return the files of a commit below ``root``; the content of a link is its target, which is not followed."""

    @cache
    def names(folder: str) -> list[str]:
        place = f"./{folder}/" if folder else "./"
        listed = git_output(root, "ls-tree", "-z", "--name-only", commit, "--", place)
        paths = listed.decode("utf-8", "surrogateescape").split("\0")
        return sorted(path.rpartition("/")[2] for path in paths if path)

    def read(path: str) -> str:
        blob = _blobs(root, commit, revision, (path,)).get(path)
        if blob is None:
            place = Place(path, 0, 0)
            fields = {"file": path, "problem": "the file does not exist", "advice": "check the path"}
            raise MatrixError([diagnostic(rules.UNREADABLE, place, **fields)])
        return _text(blob)

    return ProjectFiles(names, read, lambda _path: False)


def _text(file: File) -> str:
    return file.content.decode("utf-8", "replace")


def _blobs(root: Path, commit: str, revision: str, paths: tuple[str, ...]) -> dict[str, File]:
    """Read files of a commit below ``root`` with two git processes, for any number of files.

    Raises :class:`EnvironmentFailure` if git does not have them.
    """
    contents = files_of_commit(root, commit, revision, paths)
    return {path: template_file(content, symlink=mode == LINK) for path, (mode, content) in contents.items()}
