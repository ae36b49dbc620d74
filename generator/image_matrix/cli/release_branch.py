"""The release branch: what speaks against a release, and ``deploy/`` with digests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.session import Session, say
from image_matrix.publish.release import DIGESTS, FOLDER, SOURCE_TRAILER, read_entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.github.branch_commit import Git
    from image_matrix.output_tree.files import File
    from image_matrix.planning.plan import State
    from image_matrix.publish.release import ReleaseEntry

NO_ANCESTOR = 1
"""Exit code of ``git merge-base --is-ancestor`` for a commit that is there; others are errors that git explains."""


def look_at_the_last(git: Git, state: State, *, allow_older: bool) -> None:
    """Raise :class:`Failure`, before anything moves, where the release branch speaks against a release.

    A push is tried, too: without the right to it, nothing has to be made and signed.
    """
    from image_matrix.github.branch_commit import last_with_trailer, tip, try_push
    from image_matrix.publish.release import refuse_to_offer_nothing

    branch = state.loaded.matrix.release.branch
    now = tip(git, branch)
    try_push(git, now or "HEAD", branch)
    if now is None:
        return
    refuse_to_offer_nothing(state, branch, _kinds(git, now))
    _entries(git, now)  # raises where the file cannot be read
    last = last_with_trailer(git, now, SOURCE_TRAILER)
    if last and not allow_older:
        _refuse_older(git, last)


def _refuse_older(git: Git, last: str) -> None:
    """Raise :class:`Failure` where the last release came from a commit that is not among HEAD's ancestors."""
    from image_matrix.errors import Failure
    from image_matrix.publish.release import source_of
    from image_matrix.stderr import failed

    source = source_of(git("log", "-1", "--format=%B", last))
    answer = git.try_("merge-base", "--is-ancestor", source, "HEAD") if source else None
    if source and answer and answer.returncode:
        problem = f"the release of {source[:12]} is newer than this commit, or not of its history"
        raise Failure(
            problem if answer.returncode == NO_ANCESTOR else failed(problem, answer.stderr),
            "run the workflow on the newest commit; --allow-older releases this one all the same",
        )


def _kinds(git: Git, commit: str) -> str:
    """Return the WorkspaceKinds of a release; an empty text where it has none."""
    from image_matrix.github.branch_commit import text_at
    from image_matrix.publish.release import WORKSPACE_KINDS

    return text_at(git, commit, WORKSPACE_KINDS) or ""


@dataclass(frozen=True, slots=True)
class Branch:
    """The release branch as it is."""

    name: str
    now: str | None
    """Its newest commit."""
    last: str | None
    """The newest one that a release made; another than ``now`` where somebody has committed by hand since."""
    offered: Mapping[str, ReleaseEntry]
    """What its digest file says now."""
    kinds: Sequence[Mapping[str, Any]]
    """Its WorkspaceKinds."""


@dataclass(frozen=True, slots=True)
class Update:
    """What a release does to the release branch: a commit that is written here and not pushed yet."""

    branch: Branch
    entries: Mapping[str, ReleaseEntry]
    """What is offered from now on."""
    files: Mapping[str, File] | None
    """``deploy/``; ``None`` where a rollback by hand stays as it is."""
    commit: str | None
    """``None`` where nothing changes."""

    @property
    def changed(self) -> list[str]:
        """The variants whose digest becomes another one."""
        from image_matrix.publish.release import changed_images

        return changed_images(self.branch.offered, self.entries)


def prepare(session: Session, state: State, git: Git, digests: Mapping[str, str]) -> Update:
    """Write the commit of ``deploy/`` with digests, for :func:`publish` to push."""
    from image_matrix.github.branch_commit import folder_commit
    from image_matrix.publish.release import changed_images, message

    branch = _branch(git, state.loaded.matrix.release.branch)
    entries, files = _content(session, git, state, branch, digests)
    if files is None:
        return Update(branch, entries, None, None)
    text = message(changed_images(branch.offered, entries), len(entries), git("rev-parse", "HEAD"))
    return Update(branch, entries, files, folder_commit(git, branch.now, FOLDER, files, text))


def publish(session: Session, git: Git, update: Update) -> None:
    """Push the commit, where there is one."""
    from image_matrix.github.branch_commit import push

    if update.commit:
        push(git, update.commit, update.branch.name)
        say(session, f"{update.commit[:12]} on {update.branch.name}")
    elif update.files is not None:
        say(session, f"{update.branch.name} is up to date")


def report(update: Update) -> None:
    """Say what was released: on standard output, and in the run's summary."""
    from image_matrix.github.files import SUMMARY, append
    from image_matrix.publish.release import summary

    changed, entries = update.changed, update.entries
    where = " ".join((_where(update), _dropped(update.branch, update.files))).strip()
    append(SUMMARY, summary(changed, entries, where))
    shown = "".join(f"{name} {entries[name]['digest']}\n" for name in changed)
    click.echo(f"{shown}{len(changed)} of {len(entries)} released")


def _where(update: Update) -> str:
    """Say where ``deploy/`` is now."""
    name = update.branch.name
    if update.files is None:
        return f"`deploy/` on `{name}` was changed by hand after this was released, and stays as it is."
    if update.commit is None:
        return f"`deploy/` on `{name}` is as it was."
    return f"`deploy/` is at {update.commit[:12]} on `{name}`."


def _dropped(branch: Branch, files: Mapping[str, File] | None) -> str:
    """Say which values of WorkspaceKinds are gone: Kubeflow may refuse the new file for them."""
    from image_matrix.publish.release import WORKSPACE_KINDS
    from image_matrix.render.kubernetes.workspace_values import dropped
    from image_matrix.text import listed

    if files is None or WORKSPACE_KINDS not in files:
        return ""
    gone = dropped(branch.kinds, _parsed(files[WORKSPACE_KINDS].content.decode()))
    if not gone:
        return ""
    return (
        f"WorkspaceKinds no longer hold {listed((f'`{name}`' for name in gone), 5)}: 256 values are the most. Kubeflow "
        "refuses the new file while a Workspace uses one of these; restart it with a newer image."
    )


def _parsed(kinds: str) -> list[dict[str, Any]]:
    import yaml

    return [kind for kind in yaml.safe_load_all(kinds) if isinstance(kind, dict)]


def _branch(git: Git, name: str) -> Branch:
    from image_matrix.github.branch_commit import last_with_trailer, tip

    now = tip(git, name)
    if now is None:
        return Branch(name, None, None, {}, ())
    last = last_with_trailer(git, now, SOURCE_TRAILER)
    return Branch(name, now, last, _entries(git, now), _parsed(_kinds(git, now)))


def _entries(git: Git, commit: str | None) -> dict[str, ReleaseEntry]:
    from image_matrix.github.branch_commit import text_at

    return read_entries(text_at(git, commit, DIGESTS)) if commit else {}


def _content(
    session: Session, git: Git, state: State, branch: Branch, digests: Mapping[str, str]
) -> tuple[Mapping[str, ReleaseEntry], Mapping[str, File] | None]:
    """Return what is offered from now on, and ``deploy/`` with it; no files where a rollback stays as it is.

    A rollback is a commit by hand that takes the last release back, or an image of it: what it took back does not come
    again by itself.
    """
    from image_matrix.publish.release import deploy_files, entries_of, rolled_back

    new = entries_of(state, digests)
    files = deploy_files(state, new, branch.kinds)
    if _was_taken_back(git, branch, files):
        say(session, f"{branch.name} was changed by hand after this was released: it stays as it is")
        return branch.offered, None
    released = branch.offered if branch.last == branch.now else _entries(git, branch.last)
    kept = rolled_back(released, branch.offered, new)
    if not kept:
        return new, files
    for name, entry in kept.items():
        say(session, f"{name} stays {entry['digest']}: {branch.name} was taken back to it by hand")
    return {**new, **kept}, deploy_files(state, {**new, **kept}, branch.kinds)


def _was_taken_back(git: Git, branch: Branch, files: Mapping[str, File]) -> bool:
    """Say whether these files are what the last release had, and the branch has others."""
    from image_matrix.github.branch_commit import subtree, tree_with

    if branch.last is None or branch.now in (None, branch.last):
        return False
    released = subtree(git, branch.last, FOLDER)
    written = subtree(git, tree_with(git, branch.now, FOLDER, files), FOLDER)
    return written == released != subtree(git, branch.now, FOLDER)
