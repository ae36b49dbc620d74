"""Reads files of a commit from git: their modes and their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.git import batch_contents, run_git
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = ("100644", "100755", "120000")
"""Modes of files and links in git's trees."""
FETCH = "clone again, with the whole history; `git fsck` shows what is missing"


def files_of_commit(
    root: Path, commit: str, revision: str, paths: tuple[str, ...]
) -> dict[str, tuple[str, bytes]]:
    """Return the modes and the bytes of the files at some paths of a commit, and below them.

    Raises :class:`EnvironmentFailure` if git does not have them.
    """
    files = [*_listed(root, commit, paths, "-r")]
    ids = "".join(f"{identifier}\n" for _, identifier, _ in files).encode()
    contents = batch_contents(git_output(root, "cat-file", "--batch", stdin=ids))
    result: dict[str, tuple[str, bytes]] = {}
    for (mode, _, path), content in zip(files, contents, strict=True):
        if content is None:
            raise EnvironmentFailure(f"git has no content of {path} at {revision}", FETCH)
        result[path] = mode, content
    return result


def modes_at(root: Path, commit: str, path: str, *options: str) -> dict[str, str]:
    """Return what `git ls-tree` lists of a path of a commit below ``root``, with its modes.

    Raises :class:`EnvironmentFailure` if git does not have it.
    """
    return {name: mode for mode, _, name in _listed(root, commit, (path,), *options)}


def _listed(root: Path, commit: str, paths: tuple[str, ...], *options: str) -> Iterator[tuple[str, str, str]]:
    """Yield mode, id and path of the files and links that `git ls-tree` lists of a commit."""
    output = git_output(root, "ls-tree", *options, "-z", commit, "--", *paths)
    for line in output.decode("utf-8", "surrogateescape").split("\0"):
        meta, _, path = line.partition("\t")
        if meta and (mode := meta.split()[0]) in FILES:
            yield mode, meta.split()[2], path


def git_output(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Return what a command of git prints; raises :class:`EnvironmentFailure` if it fails."""
    answer = run_git(root, *arguments, stdin=stdin)
    if answer.returncode:
        raise EnvironmentFailure(failed(f"git {arguments[0]} failed", answer.stderr), FETCH)
    return answer.stdout
