"""Pushes the update of the release branch, with its tag."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.publish.release_files import FOLDER, PAGE
from image_matrix.publish.release_text import SOURCE_TRAILER

if TYPE_CHECKING:
    from datetime import date

    from image_matrix.cli.branch_update import Update
    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git


def publish(session: Session, git: Git, update: Update, today: date, *, verified: bool = False) -> Update:
    """Push the commit with its tag, if there is one; return the update with the commit that the branch has.

    If it is to be verified, GitHub's API makes another commit with the same content, and signs it. A release that
    changes nothing writes the tag of the last one, if that has none. A page alone is no release, and gets no tag.
    """
    from image_matrix.github.branch_commit import push, push_tag, push_tagged, remote_tags
    from image_matrix.publish.release_tags import next_tag

    commit, branch, tags = update.commit, update.branch, remote_tags(git)
    tag = next_tag(tags, today)
    if commit is None:
        if update.files is not None:
            say(session, f"{branch.name} is up to date")
        if branch.last and branch.last == branch.now and branch.last not in tags.values():
            push_tag(git, branch.last, tag)
        return update
    is_release = update.files is not None
    if verified:
        commit = _verified(git, update, commit)
        if is_release:
            push_tag(git, commit, tag)
    elif is_release:
        push_tagged(git, commit, branch.name, tag)
    else:
        push(git, commit, branch.name)
    say(session, f"{commit[:12]} on {branch.name}{f', tag {tag}' if is_release else ': its page alone'}")
    return replace(update, commit=commit)


def _verified(git: Git, update: Update, commit: str) -> str:
    """Make the content of a local commit the next one of the branch, with GitHub's API; return its id."""
    from image_matrix.cli.run_api import run_api
    from image_matrix.github.api_commit import create_commit, move_branch
    from image_matrix.github.branch_commit import tip

    api, branch = run_api(), update.branch
    files, folder = (update.page, PAGE) if update.files is None else (update.files, FOLDER)
    before = (
        git("ls-tree", "-r", "-z", "--full-tree", "--name-only", branch.now, folder) if branch.now else ""
    )
    removed = [path for path in before.split("\0") if path and path not in files]
    tree = git("rev-parse", f"{branch.now}^{{tree}}") if branch.now else None
    message = git("log", "-1", "--format=%B", commit)
    created = create_commit(api, branch.now, tree, files, removed, message)
    move_branch(api, branch.name, created, exists=branch.now is not None)
    tip(git, branch.name)  # later steps read the commit
    return created


def release_number(git: Git, update: Update) -> int:
    """Return how many releases the branch has, this one included; one that changes nothing adds none."""
    from image_matrix.github.branch_commit import count_with_trailer

    commit = update.commit or update.branch.now
    return count_with_trailer(git, commit, SOURCE_TRAILER) if commit else 0
