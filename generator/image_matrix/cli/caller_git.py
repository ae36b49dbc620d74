"""Opens the repository of git with the remote that releases are on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git

NEED = "releases are on a branch of the repository: call this in a clone of it"
"""The help outside of a repository."""


def caller_git(session: Session) -> Git:
    """Return the repository; outside of a run, commits and logins are those of who calls.

    Raises :class:`CallError` if there is none, or if it has no remote.
    """
    from image_matrix.errors import CallError
    from image_matrix.github.branch_commit import Git, actions_git
    from image_matrix.project.revisions import need_repository

    need_repository(session.root, NEED)
    if os.environ.get("GITHUB_ACTIONS"):
        return actions_git(session.root)
    git = Git(session.root, {**os.environ, "GIT_TERMINAL_PROMPT": "0"})
    if git.try_("remote", "get-url", git.remote).returncode:
        raise CallError(
            f"this repository has no remote `{git.remote}`",
            f"releases are on a branch of it: `git remote add {git.remote} ADDRESS`",
        )
    return git
