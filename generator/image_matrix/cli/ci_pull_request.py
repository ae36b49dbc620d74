"""``ci comment``, ``outcome``, ``commit``, ``propose``: what a run writes to pull requests and branches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.ci_lock import UNREACHABLE
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_project
from image_matrix.cli.run_api import refuse_other_branches, required_variable, run_api, run_event
from image_matrix.github.files import SUMMARY, append

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.github.event import Event

START = click.option("--start", metavar="WORKFLOW", help="Start WORKFLOW on the branch: its checks.")


@click.command("comment")
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_obj
def ci_comment(session: Session, file: str) -> int:
    """Create or update the comment of the pull request."""
    from image_matrix.github.api import PermissionDenied, upsert_comment
    from image_matrix.github.branch_commit import AUTHOR
    from image_matrix.github.comment import MARKER

    event = run_event()
    number = _pull_request_of(event)
    if number is None or not Path(file).is_file():
        say(session, "no pull request to comment on")
        return 0
    body = Path(file).read_text(encoding="utf-8")
    try:
        say(session, upsert_comment(run_api(), number, body, MARKER, AUTHOR))
    except PermissionDenied as refused:
        if not event.fork:
            raise
        say(session, f"cannot comment; the plan is in the run's summary: {refused.message}")
    return 0


def _pull_request_of(event: Event) -> int | None:
    """Return the number of a run's pull request, or of the open one from its branch, if there is one."""
    from image_matrix.github.api import open_pull_requests

    if event.pull_request or not event.branch:
        return event.pull_request
    opened = open_pull_requests(run_api(), _owner(), event.branch)
    return opened[0]["number"] if opened else None


def _owner() -> str:
    return required_variable("GITHUB_REPOSITORY").partition("/")[0]


@click.command("outcome")
@click.pass_obj
def ci_outcome(session: Session) -> int:
    """Say what came of the run, in its summary and in the comment of the pull request."""
    from image_matrix.github.api import amend_comment
    from image_matrix.github.branch_commit import AUTHOR
    from image_matrix.github.comment import MARKER
    from image_matrix.github.outcome import OUTCOME, jobs_of_run, legs_of, outcome

    api, event = run_api(), run_event()
    variants = open_project(session).loaded.variants
    legs = legs_of(jobs_of_run(api, required_variable("GITHUB_RUN_ID")))
    text = outcome(legs, {name: item.parents for name, item in variants.items()})
    append(SUMMARY, text)
    number = _pull_request_of(event)
    if text and number is not None and not event.fork:
        address = amend_comment(api, number, text, OUTCOME, MARKER, AUTHOR)
        say(session, address or "there is no comment to amend")
    return 0


@click.command("commit")
@click.option("--branch", required=True)
@click.option("--message", required=True)
@START
@click.pass_obj
def ci_commit(session: Session, branch: str, message: str, start: str | None) -> int:
    """Commit the changes of the working tree, and push them to BRANCH.

    Without changes, it fails: the run saw them in the merge with the base, so they come from there.
    """
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import actions_git, commit_changes

    commit = commit_changes(actions_git(session.root), branch, message)
    if commit is None:
        advice = "merge the base into it, run `image-matrix lock && image-matrix render`, and push"
        raise Failure(f"{branch} by itself is up to date: only its merge with the base is not", advice)
    say(session, f"{commit[:12]} on {branch}")
    if start:
        _start(session, start, branch)
    return 0


def _start(session: Session, workflow: str, branch: str) -> None:
    """Start a workflow on a branch, unless the token is one whose pushes start it.

    GitHub's own token may start a run only in this way; docs.github.com, "Triggering a workflow from a workflow".
    """
    from image_matrix.github.api import start_workflow

    if os.environ.get("IMAGE_MATRIX_HAS_TOKEN") == "true":
        return
    start_workflow(run_api(), workflow, branch)
    say(session, f"{workflow} started on {branch}")


@click.command("propose")
@click.option("--branch", required=True)
@click.option("--title", required=True)
@START
@click.pass_obj
def ci_propose(session: Session, branch: str, title: str, start: str | None) -> int:
    """Push the changes to BRANCH, and create or update a pull request.

    Without changes, a pull request of an earlier run is closed. A run of another branch than the default one is
    refused: its commits would be in the pull request.
    """
    from image_matrix.github.api import PermissionDenied, close_pull_requests, upsert_pull_request
    from image_matrix.github.branch_commit import actions_git, commit_changes, text_at
    from image_matrix.github.lock_pull_request import RIGHTS, lines_of, proposal
    from image_matrix.lock import text
    from image_matrix.lock.changes import changes
    from image_matrix.lock.refreshed import intervals

    project = open_project(session)
    base = project.loaded.matrix.workflow.default_branch
    refuse_other_branches(base)
    git = actions_git(session.root)
    before = text_at(git, "HEAD", text.FILE)
    owner = _owner()
    unreachable, updates = (
        lines_of(os.environ.get(name, ""))
        for name in ("IMAGE_MATRIX_UNREACHABLE", "IMAGE_MATRIX_APT_UPDATES")
    )
    if commit_changes(git, branch, title, "--force") is None:
        say(session, "nothing changed")
        if unreachable:  # an earlier pull request may have what could not be reached now
            return UNREACHABLE
        for address in close_pull_requests(run_api(), owner, branch, base):
            say(session, f"closed {address}: the default branch has what it proposed")
        return 0
    old, new = text.read(before or None), text.read(project.inputs.lock)
    body = proposal(changes(old, new, intervals(project.loaded)), unreachable, updates)
    try:
        say(session, upsert_pull_request(run_api(), owner, branch, base, title, body))
    except PermissionDenied as refused:
        raise PermissionDenied(refused.message, RIGHTS) from refused
    if start:
        _start(session, start, branch)
    return 0
