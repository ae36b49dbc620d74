"""Finds the commit that a run of the workflow is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git
    from image_matrix.github.event import Event


def base_commit(session: Session, event: Event, default_branch: str) -> str | None:
    """Return the commit to compare with, if the checkout has it: a force push can remove the old one.

    A run that somebody starts on another branch compares with the commit at which that left the default branch.

    For a pull request, its merge is checked out. The first parent of the merge is the current base; the base that the
    event names is older if somebody else has merged since.
    """
    from image_matrix.github.branch_commit import actions_git

    git = actions_git(session.root)
    if event.base is None:
        return _fork_point(git, default_branch) if event.proposes(default_branch) else None
    parents = git.try_("show", "--no-patch", "--format=%P", "HEAD").stdout.decode(errors="replace").split()
    if event.head and parents[1:] == [event.head]:
        return parents[0]
    if git.try_("cat-file", "-e", f"{event.base}^{{commit}}").returncode:
        say(session, f"the commit {event.base[:12]} no longer exists: reasons cannot compare with it")
        return None
    return event.base


def _fork_point(git: Git, default_branch: str) -> str | None:
    """Return the commit at which HEAD left the default branch, if the checkout knows that branch."""
    answer = git.try_("merge-base", "HEAD", f"refs/remotes/{git.remote}/{default_branch}")
    return answer.stdout.decode(errors="replace").strip() or None
