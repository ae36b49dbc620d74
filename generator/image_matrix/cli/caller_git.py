"""Opens the repository of git with the remote that releases are on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git


def caller_git(session: Session) -> Git:
    """Return the repository; outside of a run, commits and logins are those of who calls."""
    from image_matrix.github.branch_commit import Git, actions_git

    if os.environ.get("GITHUB_ACTIONS"):
        return actions_git(session.root)
    return Git(session.root, {**os.environ, "GIT_TERMINAL_PROMPT": "0"})
