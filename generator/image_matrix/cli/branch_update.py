"""Writes the next commit of the release branch: ``deploy/`` with digests. Nothing of it is pushed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.cli.branch_files import BranchSources, attached_of, files_of, images_of, with_scans
from image_matrix.cli.printing import say
from image_matrix.cli.release_branch import Branch, entries_at, read_branch, sites_at
from image_matrix.publish.release_files import FOLDER, PAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git
    from image_matrix.output_tree.files import File
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.publish.release_notes import ReleaseNotes
    from image_matrix.registry.client import Registry


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
    page: Mapping[str, File] = field(default_factory=dict)
    """The page of what the branch offers, if a rollback by hand is kept: the other files stay."""

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
    """Write the commit of ``deploy/`` with digests, for :func:`image_matrix.cli.branch_push.publish` to push.

    ``held`` are the variants that keep what the branch has of them, with the reason.
    """
    from image_matrix.cli.branch_page import page_commit
    from image_matrix.github.branch_commit import folder_commit
    from image_matrix.publish.held_back import not_offered, refuse_to_lose_a_site
    from image_matrix.publish.release_files import changed_images
    from image_matrix.publish.release_text import message

    branch = read_branch(git, state.loaded.matrix.release.branch)
    sources = BranchSources(session, state, git, branch, registry, held)
    entries, files = _content(sources, digests)
    waiting = tuple(not_offered(state.loaded.matrix, state.loaded.variants, entries)) if held else ()
    if files is None:
        commit, page = page_commit(sources)
        return Update(branch, entries, None, commit, held, waiting, page=page)
    refuse_to_lose_a_site(state, entries, sites_at(git, branch.now) if branch.now else ())
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


def _content(
    sources: BranchSources, digests: Mapping[str, str]
) -> tuple[Mapping[str, ReleaseEntry], Mapping[str, File] | None]:
    """Return the new entries and ``deploy/`` with them; no files if a rollback is kept.

    A rollback is a commit by hand that reverts the last release, or one image of it. A release does not undo it.
    """
    from image_matrix.publish.held_back import kept_entries
    from image_matrix.publish.release_files import entries_of, rolled_back, with_previous

    session, state, branch = sources.session, sources.state, sources.branch
    released = branch.offered if branch.last == branch.now else entries_at(sources.git, branch.last)
    ready = with_previous(entries_of(state, digests), released)
    stay = kept_entries(sources.held, branch.offered, sources.registry)
    new = {name: {**ready, **stay}[name] for name in state.loaded.variants if name in ready or name in stay}
    attached, images = attached_of(sources, new), images_of(sources, new)
    if branch.was_changed and _is_rolled_back(sources, files_of(sources, new, attached, images)):
        say(session, f"{branch.name} was changed by hand after this was released: it is kept")
        return branch.offered, None
    kept = rolled_back(released, branch.offered, ready)
    for name, entry in kept.items():
        say(session, f"{name} keeps {entry['digest']}: {branch.name} was rolled back to it by hand")
    if kept:
        new = {**new, **kept}
        images = images_of(sources, new)
    return new, files_of(sources, new, attached, with_scans(sources, new, images))


def _is_rolled_back(sources: BranchSources, files: Mapping[str, File]) -> bool:
    """Return whether these files equal those of the last release, but not those of the branch."""
    from image_matrix.github.branch_commit import tree_with

    git, now = sources.git, sources.branch.now or ""
    released = _entries(git, sources.branch.last or "")
    written = _entries(git, tree_with(git, now, FOLDER, files))
    return written == released != _entries(git, now)


def _entries(git: Git, tree: str) -> list[str]:
    """Return the files of ``deploy/`` in a tree, each with its id, without the page.

    The page says what has happened since: a newer report of a scan, what the branch has said before.
    """
    listed = git("ls-tree", "-r", "-z", "--full-tree", tree, f"{FOLDER}/")
    return [entry for entry in listed.split("\0") if not entry.endswith(f"\t{PAGE}")]
