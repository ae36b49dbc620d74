"""A repository as it was at a revision, read from git without a checkout."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.git import command_in, run_git
from image_matrix.project.included_files import ProjectFiles, included_files
from image_matrix.project.inputs import LOCK, Inputs, builtin_files, is_template, template_file, templates_of
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.output_tree.files import File

_FILES = {"100644": False, "100755": False, "120000": True}
"""Modes of git's tree entries that are files, and whether they are symbolic links."""
FETCH = "fetch the whole history (git fetch --unshallow), or clone again; `git fsck` shows what is missing"


def read_inputs_at(
    root: Path, revision: str, matrix: str, overlays: Mapping[str, str], asker: str = "--since"
) -> Inputs | None:
    """Read a repository's inputs at a revision; ``None`` where it had no matrix then.

    Overlays are those of today: they describe the site that asks, not the history. ``asker`` is the option that named
    the revision. Raises :class:`CallError` for an unknown revision and :class:`EnvironmentFailure` where git cannot be
    asked; :class:`MatrixError` where an included file cannot be read.
    """
    commit = _resolve(root, revision, asker)
    blobs = _blobs(root, commit, revision, (matrix, LOCK, "templates"))
    if matrix not in blobs:
        return None
    own = {
        path.removeprefix("templates/"): file
        for path, file in blobs.items()
        if path.startswith("templates/") and is_template(path)
    }
    text = _text(blobs[matrix])
    included = included_files(matrix, text, _files_at(root, commit, revision))
    return Inputs(
        {f"{matrix}@{revision}": text, **overlays},
        templates_of(own, builtin_files(root)),
        _text(blobs[LOCK]) if LOCK in blobs else None,
        {f"{path}@{revision}": text for path, text in included.items()},
    )


def _files_at(root: Path, commit: str, revision: str) -> ProjectFiles:
    """Return the files of a commit below ``root``; a link is its text, and leads nowhere."""

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
            fields = {"file": path, "problem": "there is no such file", "advice": "check the path"}
            raise MatrixError([diagnostic(rules.UNREADABLE, place, **fields)])
        return _text(blob)

    return ProjectFiles(names, read, lambda _path: False)


def _text(file: File) -> str:
    return file.content.decode("utf-8", "replace")


def _resolve(root: Path, revision: str, asker: str) -> str:
    if revision.startswith("-"):
        raise CallError(f"`{revision}` is not a revision", "name a branch, tag or commit, such as HEAD~1")
    answer = run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if answer.returncode:
        _need_repository(root, asker)
        advice = "check the name; a shallow clone lacks old revisions (git fetch --unshallow)"
        raise CallError(f"there is no revision `{revision}`", advice)
    return answer.stdout.decode().strip()


def _need_repository(root: Path, asker: str) -> None:
    answer = run_git(root, "rev-parse", "--is-inside-work-tree")
    if answer.returncode == 0:
        return
    if b"not a git repository" in answer.stderr:
        raise EnvironmentFailure("this is not a git repository", f"{asker} needs one to compare with")
    advised = command_in(answer.stderr)
    raise EnvironmentFailure(
        failed("git says", answer.stderr), f"run `{advised}`" if advised else f"{asker} asks git"
    )


def _blobs(root: Path, commit: str, revision: str, paths: tuple[str, ...]) -> dict[str, File]:
    """Read files of a commit below ``root`` with two git processes, however many files there are.

    Raises :class:`EnvironmentFailure` where git does not have them.
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
    return {
        path: template_file(content or b"", symlink=_FILES[mode])
        for (mode, _, path), content in zip(files, contents, strict=True)
    }


def _output(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    answer = run_git(root, *arguments, stdin=stdin)
    if answer.returncode:
        raise EnvironmentFailure(failed(f"git {arguments[0]} failed", answer.stderr), FETCH)
    return answer.stdout


def _batch(output: bytes, count: int) -> list[bytes | None]:
    """Split what ``git cat-file --batch`` prints: a line that ends with the size, the bytes, a line feed.

    ``None`` where the line ends with ``missing`` and nothing follows (git-cat-file, "Batch output").
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
