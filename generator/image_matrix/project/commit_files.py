"""Reads files of a commit from git: their modes and their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.git import run_git
from image_matrix.stderr import failed

if TYPE_CHECKING:
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
    listed = git_output(root, "ls-tree", "-r", "-z", commit, "--", *paths).decode("utf-8", "surrogateescape")
    entries = [
        (meta.split(), path)
        for meta, _, path in (line.partition("\t") for line in listed.split("\0") if line)
    ]
    files = [(mode, identifier, path) for (mode, _, identifier), path in entries if mode in FILES]
    ids = "".join(f"{identifier}\n" for _, identifier, _ in files).encode()
    contents = _batch(git_output(root, "cat-file", "--batch", stdin=ids), len(files))
    for (_, _, path), content in zip(files, contents, strict=True):
        if content is None:
            raise EnvironmentFailure(f"git has no content of {path} at {revision}", FETCH)
    return {path: (mode, content or b"") for (mode, _, path), content in zip(files, contents, strict=True)}


def modes_at(root: Path, commit: str, path: str, *options: str) -> dict[str, str]:
    """Return what `git ls-tree` lists of a path of a commit below ``root``, with its modes.

    Raises :class:`EnvironmentFailure` if git does not have it.
    """
    output = git_output(root, "ls-tree", *options, "-z", commit, "--", path)
    lines = output.decode("utf-8", "surrogateescape").split("\0")
    entries = (line.partition("\t") for line in lines if line)
    return {name: mode for meta, _, name in entries if (mode := meta.split()[0]) in FILES}


def git_output(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Return what a command of git prints; raises :class:`EnvironmentFailure` if it fails."""
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
