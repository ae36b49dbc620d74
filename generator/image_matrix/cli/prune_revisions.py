"""Reads the matrices of other commits, whose images must stay: those of the default branch and of pull requests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from image_matrix.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.cli.session import Session
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import Git
    from image_matrix.planning.plan import State
    from image_matrix.pruning.needs import Revision

UNKNOWN = "it is not known which pull requests are open: GITHUB_TOKEN and GITHUB_REPOSITORY say so in a run"


def readable_state(session: Session, commit: str) -> State | None:
    """Return the matrix of a commit with its keys; ``None`` if it is not there, or not valid."""
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.project import inputs_at, load_project
    from image_matrix.diagnostics import MatrixError
    from image_matrix.errors import CallError

    try:
        inputs = inputs_at(session, commit, "prune")
        return state_of(load_project(inputs)) if inputs else None
    except (MatrixError, CallError):
        return None


def open_pull_requests() -> tuple[dict[int, str], str | None]:
    """Return the numbers of open pull requests with their newest commits, and why they are not known."""
    from image_matrix.cli.run_api import run_api
    from image_matrix.errors import Failure
    from image_matrix.github.api import branch_pull_requests

    if not os.environ.get("GITHUB_TOKEN") or not os.environ.get("GITHUB_REPOSITORY"):
        return {}, UNKNOWN
    try:
        return branch_pull_requests(run_api()), None
    except Failure as failure:
        return {}, _unknown(failure)


def pull_requests(session: Session, git: Git, numbers: Iterable[int]) -> tuple[list[Revision], str | None]:
    """Return the matrices of pull requests as their runs build them, and why they are not known."""
    from image_matrix.errors import Failure
    from image_matrix.pruning.needs import Revision

    revisions = []
    try:
        for number in numbers:
            state = readable_state(session, _merged(git, number))
            if state:
                revisions.append(Revision(state, f"a key of pull request {number}", proposed=True))
            else:
                say(session, f"pull request {number} has no valid {session.matrix}, so it builds nothing")
    except Failure as failure:
        return [], _unknown(failure)
    return revisions, None


def _unknown(failure: Failure) -> str:
    return f"it is not known which pull requests are open: {failure.message}"


def _merged(git: Git, number: int) -> str:
    """Return the commit that the run of a pull request builds: its merge, or its own one where it conflicts."""
    if git.try_("fetch", "--quiet", "--no-tags", git.remote, f"refs/pull/{number}/merge").returncode:
        git("fetch", "--quiet", "--no-tags", git.remote, f"refs/pull/{number}/head")
    return git("rev-parse", "FETCH_HEAD^{commit}")
