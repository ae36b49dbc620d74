"""Reads from this clone what the release branch offers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from image_matrix.cli.printing import note
from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.git import run_git_within
from image_matrix.project.revisions import need_repository
from image_matrix.stderr import failed, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git
    from image_matrix.publish.release_files import ReleaseEntry

ALL_BRANCHES = "+refs/heads/*:refs/remotes/origin/*"
"""What `git clone` sets for a remote, unless it is to fetch one branch alone (git-clone, --single-branch)."""
SECONDS = 20.0
"""How long the remote may take to answer; a proxy or firewall may let it stay silent for ever."""


def released_entries(session: Session, branch: str) -> Mapping[str, ReleaseEntry] | None:
    """Return the digest file of the release branch; ``None``, with a note, if it is not known what is released."""
    try:
        need_repository(session.root, "what is released is not known")
        return entries_or_failure(session, branch)
    except CallError:
        note(session, "this folder is in no git repository, so what is released is not known")
    except EnvironmentFailure as failure:
        note(session, "; ".join(part for part in (failure.message, failure.help) if part))
    return None


def entries_or_failure(session: Session, branch: str) -> Mapping[str, ReleaseEntry]:
    """Return the digest file of the release branch; no entries if `origin` does not have the branch, either.

    Raises :class:`EnvironmentFailure` if the clone does not have a branch that `origin` has or may have.
    """
    from image_matrix.github.branch_commit import open_git

    entries = _entries(session, branch)
    if entries is None:
        _refuse_unfetched(open_git(session.root, os.environ), branch)
    return entries or {}


def _entries(session: Session, branch: str) -> Mapping[str, ReleaseEntry] | None:
    """Return what the newest commit has that the clone knows: of `origin`, which releases push to."""
    from image_matrix.project.history import text_of_commit
    from image_matrix.project.revisions import branch_of_origin, commit_of
    from image_matrix.publish.release_files import DIGESTS, read_entries

    commit = branch_of_origin(session.root, branch) or commit_of(session.root, branch)
    return None if commit is None else read_entries(text_of_commit(session.root, commit, DIGESTS))


def _refuse_unfetched(git: Git, branch: str) -> None:
    """Raise :class:`EnvironmentFailure` unless it is known that the remote does not have a branch.

    The remote is asked once, for at most :data:`SECONDS`: what it says is of use, but no command waits for it.
    """
    from image_matrix.project.revisions import fetch_of

    if git.try_("remote", "get-url", git.remote).returncode:
        return
    question = ("ls-remote", "--heads", git.remote, f"refs/heads/{branch}")
    answer = run_git_within(SECONDS, git.root, *question, environment=git.environment)
    if answer.returncode and not _has_all_branches(git):
        first = reason(answer.stderr)[0]  # git's advice below it would not fit into a note
        raise EnvironmentFailure(
            failed(f"what is released is not known, since `{git.remote}` does not answer", first),
            f"check the network and the remote `{git.remote}` (git remote --verbose)",
        )
    if answer.stdout:
        raise EnvironmentFailure(
            f"this clone has no branch `{branch}`, so what is released is not known",
            f"`{fetch_of(git.remote, branch)}` brings it",
        )


def _has_all_branches(git: Git) -> bool:
    """Say whether the clone has what the remote has: that of a run with `fetch-depth: 0`, which was fetched just now.

    Elsewhere, nobody knows when the clone was fetched, or whether it was at all.
    """
    is_shallow = git("rev-parse", "--is-shallow-repository") != "false"
    fetched = (
        git.try_("config", "--get-all", f"remote.{git.remote}.fetch")
        .stdout.decode(errors="replace")
        .splitlines()
    )
    return bool(os.environ.get("GITHUB_ACTIONS")) and not is_shallow and ALL_BRANCHES in fetched
