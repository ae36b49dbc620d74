"""Finds the commit whose lock can be taken again, where the file of the disk is broken or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError
from image_matrix.errors import EnvironmentFailure
from image_matrix.git import run_git
from image_matrix.lock import text
from image_matrix.project.history import text_of_commit
from image_matrix.project.revisions import commit_of
from image_matrix.project.text_files import at_folder

if TYPE_CHECKING:
    from pathlib import Path

MOST = 50
"""Commits that are looked at; each is a file to be read."""
AT_THE_NEWEST = "locks everything anew, at the newest versions"


def restoring_command(root: Path) -> str | None:
    """Return the git command that brings back the newest committed lock that can be read, if there is one.

    It takes the side of the branch that is checked out while git merges, and ends the conflict of the file.
    """
    try:
        commit = _newest_good(root)
    except EnvironmentFailure:
        return None
    return f"git{at_folder(root)} checkout {commit} -- {text.FILE}" if commit else None


def remedy(root: Path) -> str:
    """Return what to do with a lock that cannot be read: no remedy moves a version without saying so."""
    command = restoring_command(root)
    if command is None:
        return f"no commit has one that can be read: remove it, and run `image-matrix lock`, which {AT_THE_NEWEST}"
    return f"run `{command}`, then `image-matrix lock`; without the file, it {AT_THE_NEWEST}"


def remedy_of_folder(root: Path) -> str:
    """Return what to do with a folder in place of the lock: git would remove it with all that is in it."""
    command = restoring_command(root)
    if command is None:
        return (
            f"rename the folder; no commit has a lock that can be read: `image-matrix lock` {AT_THE_NEWEST}"
        )
    return f"rename the folder, run `{command}`, then `image-matrix lock`"


def _newest_good(root: Path) -> str | None:
    if commit_of(root, "HEAD") is None:
        return None
    if _is_good(root, "HEAD"):
        return "HEAD"
    listed = run_git(root, "log", f"--max-count={MOST}", "--format=%h", "--", text.FILE)
    commits = listed.stdout.decode("utf-8", "replace").split()
    return next((commit for commit in commits if _is_good(root, commit)), None)


def _is_good(root: Path, commit: str) -> bool:
    written = text_of_commit(root, commit, text.FILE)
    try:
        text.read(written)
    except MatrixError:
        return False
    return written is not None
