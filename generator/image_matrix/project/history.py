"""Reads the files of a repository at a revision from git, without a checkout."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.context_reader import LINK, ContextReader, is_ignored, is_outside
from image_matrix.errors import EnvironmentFailure
from image_matrix.git import run_git
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
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.config.dockerfile_build import Entry
    from image_matrix.dockerfiles.ignore import Ignore
    from image_matrix.output_tree.files import File

_FILES = {"100644": False, "100755": False, "120000": True}
"""Modes of files in git's trees, and whether each is a symbolic link."""
_MOST_LINKS = 40
"""How many links of a path are followed, as by Linux: path_resolution(7)."""
FETCH = "clone again, with the whole history; `git fsck` shows what is missing"


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
        replace(_contexts_at(root, commit, revision, folders), matrix_files=files),
    )


def text_of_commit(root: Path, commit: str, path: str) -> str | None:
    """Return the text of a file of a commit, below ``root``; ``None`` if it has no such file."""
    file = _blobs(root, commit, commit, (path,)).get(path)
    return _text(file) if file else None


def _contexts_at(root: Path, commit: str, revision: str, overlays: Mapping[str, str]) -> ContextReader:
    """Return a reader of the folders of a commit below ``root``."""

    @cache
    def listed(path: str) -> dict[str, str]:
        output = _output(root, "ls-tree", "-r", "-z", commit, "--", path or ".")
        lines = output.decode("utf-8", "surrogateescape").split("\0")
        entries = (line.partition("\t") for line in lines if line)
        return {name: meta.split()[0] for meta, _, name in entries if meta.split()[0] in _FILES}

    def read(path: str) -> bytes | None:
        place = posixpath.normpath(path)  # git names a file of the root without ./
        for _ in range(_MOST_LINKS):
            mode, content = _contents(root, commit, revision, (place,)).get(place, ("", b""))
            if mode != LINK:
                return content if mode else None
            target = content.decode("utf-8", "surrogateescape")
            place = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
            if is_outside(place):
                return None
        return None

    def names(folder: str) -> list[str] | None:
        below = [path[len(_prefix(folder)) :] for path in listed(folder) if path.startswith(_prefix(folder))]
        return list(dict.fromkeys(path.partition("/")[0] for path in below)) or None

    @cache
    def modes(folder: str, ignore: Ignore) -> dict[str, str]:
        below = {path[len(_prefix(folder)) :]: mode for path, mode in listed(folder).items()}
        return {path: mode for path, mode in sorted(below.items()) if not is_ignored(ignore, path)}

    @cache
    def entries(folder: str, ignore: Ignore) -> dict[str, Entry]:
        contents = _contents(root, commit, revision, (folder or ".",))
        return {
            path: (mode, hashlib.sha256(contents[f"{_prefix(folder)}{path}"][1]).hexdigest())
            for path, mode in modes(folder, ignore).items()
        }

    @cache
    def entry(path: str) -> Entry | None:
        mode, content = _contents(root, commit, revision, (path,)).get(path, ("", b""))
        return (mode, hashlib.sha256(content).hexdigest()) if mode else None

    def mode_of(path: str) -> str | None:
        return listed(path).get(path)

    def target(path: str) -> str:
        return _contents(root, commit, revision, (path,))[path][1].decode("utf-8", "surrogateescape")

    return ContextReader(read, names, modes, entries, overlays, "", mode_of, entry, target)


def _prefix(folder: str) -> str:
    return "" if folder in ("", ".") else f"{folder}/"


def _files_at(root: Path, commit: str, revision: str) -> ProjectFiles:
    """Return the files of a commit below ``root``; the content of a link is its target, which is not followed."""

    @cache
    def names(folder: str) -> list[str]:
        place = f"./{folder}/" if folder else "./"
        listed = _output(root, "ls-tree", "-z", "--name-only", commit, "--", place)
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
    contents = _contents(root, commit, revision, paths)
    return {path: template_file(content, symlink=_FILES[mode]) for path, (mode, content) in contents.items()}


def _contents(root: Path, commit: str, revision: str, paths: tuple[str, ...]) -> dict[str, tuple[str, bytes]]:
    """Return the modes and the bytes of the files at some paths of a commit, and below them.

    Raises :class:`EnvironmentFailure` if git does not have them.
    """
    listed = _output(root, "ls-tree", "-r", "-z", commit, "--", *paths).decode("utf-8", "surrogateescape")
    entries = [
        (meta.split(), path)
        for meta, _, path in (line.partition("\t") for line in listed.split("\0") if line)
    ]
    files = [(mode, identifier, path) for (mode, _, identifier), path in entries if mode in _FILES]
    ids = "".join(f"{identifier}\n" for _, identifier, _ in files).encode()
    contents = _batch(_output(root, "cat-file", "--batch", stdin=ids), len(files))
    for (_, _, path), content in zip(files, contents, strict=True):
        if content is None:
            raise EnvironmentFailure(f"git has no content of {path} at {revision}", FETCH)
    return {path: (mode, content or b"") for (mode, _, path), content in zip(files, contents, strict=True)}


def _output(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    answer = run_git(root, *arguments, stdin=stdin)
    if answer.returncode:
        raise EnvironmentFailure(failed(f"git {arguments[0]} failed", answer.stderr), FETCH)
    return answer.stdout


def _batch(output: bytes, count: int) -> list[bytes | None]:
    """Split the output of ``git cat-file --batch``: a line that ends with the size, the bytes, a line feed.

    A content is ``None`` if its line ends with ``missing`` (git-cat-file, "Batch output").
    """
    contents: list[bytes | None] = []
    position = 0
    for _ in range(count):
        end = output.index(b"\n", position)
        last = output[position:end].rpartition(b" ")[2]
        if last == b"missing":
            contents.append(None)
            position = end + 1
            continue
        contents.append(output[end + 1 : end + 1 + int(last)])
        position = end + int(last) + 2
    return contents
