"""Reads from git what releases have written: the texts of ``deploy/`` on a branch, without a checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.github.branch_commit import newest_with_trailer
from image_matrix.publish.release_text import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from image_matrix.github.branch_commit import Git


def last_commits(git: Git, tip: str, trailer: str, count: int) -> list[str]:
    """Return the commits of a branch back to the ``count``-th newest that has the trailer, the newest first.

    So those that somebody made by hand are among them. All commits, if fewer have the trailer.
    """
    marked = newest_with_trailer(git, tip, trailer, count)
    commits = git("rev-list", "--first-parent", tip).split()
    return commits[: commits.index(marked[-1]) + 1] if len(marked) == count else commits


def source_at(git: Git, commit: str) -> str | None:
    """Return the commit that a release was made from; ``None`` if the commit is no release."""
    return source_of(git("log", "-1", "--format=%B", commit))


def texts_below(git: Git, commits: Sequence[str], folder: str) -> dict[str, list[str]]:
    """Return the texts of the files below a folder, by commit; each file that is the same in several is read once.

    Raises :class:`EnvironmentFailure` if git does not have one of them.
    """
    blobs: dict[str, list[str]] = {}
    for commit in commits:
        listed = git("ls-tree", "-r", "-z", "--full-tree", commit, f"{folder}/")
        entries = [entry.partition("\t")[0].split() for entry in listed.split("\0") if entry]
        blobs[commit] = [identity for _, kind, identity in entries if kind == "blob"]
    contents = _contents(git, dict.fromkeys(blob for needed in blobs.values() for blob in needed))
    for commit, needed in blobs.items():
        if not contents.keys() >= set(needed):
            raise EnvironmentFailure(
                f"git has not all files of {folder}/ at {commit[:12]}", "clone the repository again"
            )
    return {commit: [contents[blob] for blob in needed] for commit, needed in blobs.items()}


def versions_of(git: Git, tip: str, path: str) -> list[str]:
    """Return every text that a file has had on a branch."""
    commits = git("log", "--first-parent", "--format=%H", tip, "--", path).split()
    return list(_contents(git, [f"{commit}:{path}" for commit in commits]).values())


def _contents(git: Git, names: Iterable[str]) -> dict[str, str]:
    """Return the texts of objects by name, with one process; without those that git does not have."""
    objects = list(names)
    output = git.output("cat-file", "--batch", stdin="".join(f"{name}\n" for name in objects).encode())
    texts, position = {}, 0
    for name in objects:
        end = output.index(b"\n", position)
        header, position = output[position:end], end + 1
        if not header.endswith(b" missing"):
            size = int(header.rpartition(b" ")[2])
            texts[name] = output[position : position + size].decode(errors="replace")
            position += size + 1
    return texts
