"""Reads and updates the release branch: checks whether a release is allowed, and writes ``deploy/`` with digests."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.printing import say
from image_matrix.publish.release_files import DIGESTS, FOLDER, read_entries
from image_matrix.publish.release_text import SOURCE_TRAILER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git
    from image_matrix.inventory.difference import ImageState
    from image_matrix.json_data import Json
    from image_matrix.output_tree.files import File
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.publish.release_notes import ReleaseNotes
    from image_matrix.publish.released_contents import Attached
    from image_matrix.registry.client import Registry
    from image_matrix.render.kubernetes.outputs import Kept

NO_ANCESTOR = 1
"""Exit code of ``git merge-base --is-ancestor`` for an existing commit; others are errors that git explains."""


def release_git(session: Session) -> Git:
    """Return the checkout of a run as the release branch is pushed from, with a deploy key until the command ends.

    The key is taken out of the environment, so that no other program gets it.
    """
    from image_matrix.github.branch_commit import open_git
    from image_matrix.github.deploy_key import VARIABLE, deploy_key

    environment = dict(os.environ)
    os.environ.pop(VARIABLE, None)
    variables = click.get_current_context().with_resource(deploy_key(environment))
    return open_git(session.root, variables)


def check_last_release(git: Git, state: State, *, allow_older: bool) -> None:
    """Raise :class:`Failure`, before anything is written, if the release branch does not allow a release.

    This also tries a push: without permission to push, nothing has to be created and signed.
    """
    from image_matrix.github.branch_commit import last_with_trailer, tip, try_push
    from image_matrix.publish.release_files import refuse_to_offer_nothing

    branch = state.loaded.matrix.release.branch
    now = tip(git, branch)
    try_push(git, now or "HEAD", branch)
    if now is None:
        return
    refuse_to_offer_nothing(state, branch, _sites(git, now))
    _entries(git, now)  # raises if the file cannot be read
    last = last_with_trailer(git, now, SOURCE_TRAILER)
    if last and not allow_older:
        _refuse_older(git, last)


def _refuse_older(git: Git, last: str) -> None:
    """Raise :class:`Failure` if the last release was made from a commit that is not an ancestor of HEAD."""
    from image_matrix.errors import Failure
    from image_matrix.publish.release_text import source_of
    from image_matrix.stderr import failed

    source = source_of(git("log", "-1", "--format=%B", last))
    answer = git.try_("merge-base", "--is-ancestor", source, "HEAD") if source else None
    if source and answer and answer.returncode:
        problem = f"the last release was made from {source[:12]}, which is newer than this commit or not in its history"
        raise Failure(
            problem if answer.returncode == NO_ANCESTOR else failed(problem, answer.stderr),
            "run the workflow on the newest commit; after a force push, or to release an older commit, "
            "run it by hand with `allow_older` (`release --allow-older`)",
        )


def _sites(git: Git, commit: str) -> list[str]:
    """Return the names of the sites that a release offers profiles at: those with a folder beside BuildKit's.

    Names with a dot in front are of other lists.
    """
    from image_matrix.render.kubernetes.outputs import BUILDKIT, BUILDS

    listed = git("ls-tree", "-r", "-d", "-z", "--name-only", commit, f"{FOLDER}/")
    folders = (path.removeprefix(f"{FOLDER}/").split("/") for path in listed.split("\0") if path)
    offering = [names[0] for names in folders if len(names) > 1 and names[1] not in (BUILDKIT, BUILDS)]
    return [name for name in dict.fromkeys(offering) if not name.startswith(".")]


def _kept(git: Git, commit: str) -> dict[str, list[dict[str, Any]]]:
    """Return the objects of a release that the next one goes on from, by site."""
    from image_matrix.github.branch_commit import text_at
    from image_matrix.render.kubernetes.outputs import KEPT

    kept: dict[str, list[dict[str, Any]]] = {}
    for site in _sites(git, commit):
        texts = (text_at(git, commit, f"{FOLDER}/{site}/{path}") for path in KEPT)
        if objects := [one for text in texts if text for one in _parsed(text)]:
            kept[site] = objects
    return kept


def _catalog(git: Git, commit: str) -> dict[str, dict[str, Json]]:
    """Return the entries of a release's catalog by variant id; none if it has no catalog."""
    from image_matrix.github.branch_commit import text_at
    from image_matrix.render.lists.catalog_json import entries_by_id
    from image_matrix.render.lists.outputs import CATALOG

    return entries_by_id(text_at(git, commit, CATALOG) or "")


@dataclass(frozen=True, slots=True)
class Branch:
    """The current state of the release branch."""

    name: str
    now: str | None
    """Its newest commit."""
    last: str | None
    """The newest commit by a release; it differs from ``now`` if somebody has committed by hand since."""
    offered: Mapping[str, ReleaseEntry]
    """The current entries of its digest file."""
    kept: Kept
    """Its objects that the next release goes on from, by site."""
    catalog: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """The entries of its catalog, by variant id."""
    records: tuple[Mapping[str, ImageState], ...] = ()
    """What is in images, as the branch says it now, and as the last release wrote it."""


@dataclass(frozen=True, slots=True)
class Update:
    """A release's change of the release branch: a local commit that is not pushed yet."""

    branch: Branch
    entries: Mapping[str, ReleaseEntry]
    """The new entries of the digest file."""
    files: Mapping[str, File] | None
    """``deploy/``; ``None`` if a rollback by hand is kept."""
    commit: str | None
    """``None`` if nothing changes."""
    held: Mapping[str, str] = field(default_factory=dict)
    """The variants that are held back, with the reason."""
    waiting: tuple[str, ...] = ()
    """Sentences about choices that wait for a first release."""
    notes: ReleaseNotes | None = None
    """What changes in the images, in words."""

    @property
    def changed(self) -> list[str]:
        """The variants whose digest changes."""
        from image_matrix.publish.release_files import changed_images

        return changed_images(self.branch.offered, self.entries)


def prepare(
    session: Session,
    state: State,
    git: Git,
    digests: Mapping[str, str],
    registry: Registry,
    held: Mapping[str, str] = MappingProxyType({}),
) -> Update:
    """Write the commit of ``deploy/`` with digests, for :func:`publish` to push.

    ``held`` are the variants that keep what the branch has of them, with the reason.
    """
    from image_matrix.github.branch_commit import folder_commit
    from image_matrix.publish.held_back import not_offered, refuse_to_lose_a_site
    from image_matrix.publish.release_files import changed_images
    from image_matrix.publish.release_text import message

    branch = _branch(git, state.loaded.matrix.release.branch)
    entries, files = _content(session, git, state, branch, digests, registry, held)
    waiting = tuple(not_offered(state.loaded.matrix, state.loaded.variants, entries)) if held else ()
    if files is None:
        return Update(branch, entries, None, None, held, waiting)
    refuse_to_lose_a_site(state, entries, _sites(git, branch.now) if branch.now else ())
    notes = _notes(branch, files)
    changed = changed_images(branch.offered, entries)
    text = message(changed, len(entries), git("rev-parse", "HEAD"), notes.text)
    commit = folder_commit(git, branch.now, FOLDER, files, text)
    return Update(branch, entries, files, commit, held, waiting, notes)


def _notes(branch: Branch, files: Mapping[str, File]) -> ReleaseNotes:
    """Return what these files say of images that the branch says otherwise."""
    from image_matrix.inventory.record import read_record
    from image_matrix.publish.release_files import PACKAGES
    from image_matrix.publish.release_notes import release_notes

    before = branch.records[0] if branch.records else {}
    return release_notes(before, read_record(files[PACKAGES].content.decode()))


def publish(session: Session, git: Git, update: Update, today: date, *, verified: bool = False) -> Update:
    """Push the commit with its tag, if there is one; return the update with the commit that the branch has.

    If it is to be verified, GitHub's API makes another commit with the same content, and signs it. A release that
    changes nothing writes the tag of the last one, if that has none.
    """
    from image_matrix.github.branch_commit import push_tag, push_tagged, remote_tags
    from image_matrix.publish.release_tags import next_tag

    commit, branch, tags = update.commit, update.branch, remote_tags(git)
    tag = next_tag(tags, today)
    if commit is None:
        if update.files is not None:
            say(session, f"{branch.name} is up to date")
        if branch.last and branch.last == branch.now and branch.last not in tags.values():
            push_tag(git, branch.last, tag)
        return update
    if verified:
        commit = _verified(git, update, commit)
        push_tag(git, commit, tag)
    else:
        push_tagged(git, commit, branch.name, tag)
    say(session, f"{commit[:12]} on {branch.name}, tag {tag}")
    return replace(update, commit=commit)


def _verified(git: Git, update: Update, commit: str) -> str:
    """Make the content of a local commit the next one of the branch, with GitHub's API; return its id."""
    from image_matrix.cli.run_api import run_api
    from image_matrix.github.api_commit import create_commit, move_branch
    from image_matrix.github.branch_commit import tip

    api, branch, files = run_api(), update.branch, update.files or {}
    before = (
        git("ls-tree", "-r", "-z", "--full-tree", "--name-only", branch.now, FOLDER) if branch.now else ""
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


def report(update: Update) -> None:
    """Print what was released to standard output and to the run's summary."""
    from image_matrix.github.files import SUMMARY, append
    from image_matrix.publish.release_text import summary

    changed, entries = update.changed, update.entries
    location = " ".join((_deploy_location(update), _dropped(update.branch, update.files))).strip()
    append(SUMMARY, summary(changed, entries, location, update.held, update.waiting))
    if update.notes and update.notes.markdown and update.commit:
        append(SUMMARY, f"\n{update.notes.markdown}")
    for sentence in update.waiting:
        click.echo(f"note: {sentence}", err=True)
    shown = "".join(f"{name} {entries[name]['digest']}\n" for name in changed)
    click.echo(f"{shown}{len(changed)} of {len(entries)} released")


def _deploy_location(update: Update) -> str:
    """Return a sentence that says where ``deploy/`` is."""
    name = update.branch.name
    if update.files is None:
        return f"`deploy/` on `{name}` was changed by hand after this was released, and is kept."
    if update.commit is None:
        return f"`deploy/` on `{name}` is unchanged."
    return f"`deploy/` is at {update.commit[:12]} on `{name}`."


def _dropped(branch: Branch, files: Mapping[str, File] | None) -> str:
    """Return a sentence about removed values of WorkspaceKinds, for which Kubeflow may reject the new file."""
    from image_matrix.render.kubernetes.outputs import WORKSPACE_KINDS
    from image_matrix.render.kubernetes.workspace_values import dropped
    from image_matrix.text import listed

    gone: list[str] = []
    for site, kinds in branch.kept.items():
        new = (files or {}).get(f"{FOLDER}/{site}/{WORKSPACE_KINDS}")
        gone += dropped(kinds, _parsed(new.content.decode())) if new else []
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
    from image_matrix.cli.release_history import records
    from image_matrix.github.branch_commit import last_with_trailer, tip

    now = tip(git, name)
    if now is None:
        return Branch(name, None, None, {}, {})
    last = last_with_trailer(git, now, SOURCE_TRAILER)
    known = tuple(records(git, *dict.fromkeys(one for one in (now, last) if one)))
    return Branch(name, now, last, _entries(git, now), _kept(git, now), _catalog(git, now), known)


def _entries(git: Git, commit: str | None) -> dict[str, ReleaseEntry]:
    from image_matrix.github.branch_commit import text_at

    return read_entries(text_at(git, commit, DIGESTS)) if commit else {}


def _content(
    session: Session,
    git: Git,
    state: State,
    branch: Branch,
    digests: Mapping[str, str],
    registry: Registry,
    held: Mapping[str, str],
) -> tuple[Mapping[str, ReleaseEntry], Mapping[str, File] | None]:
    """Return the new entries and ``deploy/`` with them; no files if a rollback is kept.

    A rollback is a commit by hand that reverts the last release, or one image of it. A release does not undo it.
    """
    from image_matrix.publish.attached_lists import attached_lists
    from image_matrix.publish.held_back import kept_entries
    from image_matrix.publish.release_files import entries_of, rolled_back, with_previous

    released = branch.offered if branch.last == branch.now else _entries(git, branch.last)
    ready = with_previous(entries_of(state, digests), released)
    stay = kept_entries(held, branch.offered, registry)
    new = {name: {**ready, **stay}[name] for name in state.loaded.variants if name in ready or name in stay}
    attached = attached_lists(registry, state, new, branch.records, lambda text: say(session, text, level=1))
    files = _files(git, state, branch, new, registry, held, attached)
    if _is_rolled_back(git, branch, files):
        say(session, f"{branch.name} was changed by hand after this was released: it is kept")
        return branch.offered, None
    kept = rolled_back(released, branch.offered, ready)
    if not kept:
        return new, files
    for name, entry in kept.items():
        say(session, f"{name} keeps {entry['digest']}: {branch.name} was rolled back to it by hand")
    return {**new, **kept}, _files(git, state, branch, {**new, **kept}, registry, held, attached)


def _files(
    git: Git,
    state: State,
    branch: Branch,
    entries: Mapping[str, ReleaseEntry],
    registry: Registry,
    held: Collection[str],
    attached: Attached,
) -> dict[str, File]:
    """Return ``deploy/`` with these entries, and with what the registry says about their images."""
    from image_matrix.cli.release_history import history
    from image_matrix.publish.attached_reports import with_scans
    from image_matrix.publish.release_files import deploy_files
    from image_matrix.publish.released_images import asks_registry, released_images

    asks, settings = asks_registry(state.loaded.matrix), state.loaded.matrix.release
    released = released_images(registry, entries, branch.catalog, held) if asks else {}
    if "page" in settings.lists:
        released = with_scans(registry, entries, released, settings.scan)
    earlier = history(git, branch.now) if branch.now else ()
    return deploy_files(state, entries, branch.kept, released, branch.records, attached, earlier)


def _is_rolled_back(git: Git, branch: Branch, files: Mapping[str, File]) -> bool:
    """Return whether these files equal those of the last release, but not those of the branch."""
    from image_matrix.github.branch_commit import subtree, tree_with

    if branch.last is None or branch.now in (None, branch.last):
        return False
    released = subtree(git, branch.last, FOLDER)
    written = subtree(git, tree_with(git, branch.now, FOLDER, files), FOLDER)
    return written == released != subtree(git, branch.now, FOLDER)
