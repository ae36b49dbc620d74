"""Makes the files of the release branch from its entries, the registry and what the branch has said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.cli.printing import note, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.release_branch import Branch
    from image_matrix.cli.session import Session
    from image_matrix.github.branch_commit import Git
    from image_matrix.output_tree.files import File
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.publish.released_contents import Attached, Records
    from image_matrix.registry.client import Registry
    from image_matrix.render.lists.released import ReleasedImage

    Entries = Mapping[str, ReleaseEntry]
    Images = Mapping[str, ReleasedImage]


@dataclass(frozen=True, slots=True)
class BranchSources:
    """What the files of the branch are made from, beside their entries."""

    session: Session
    state: State
    git: Git
    branch: Branch
    registry: Registry
    held: Mapping[str, str]
    """The variants that are held back, with the reason."""


def attached_of(sources: BranchSources, entries: Entries) -> Attached:
    """Return what builds have attached to images, as far as the branch does not say it."""
    from image_matrix.publish.attached_lists import attached_lists

    def log(text: str) -> None:
        say(sources.session, text, level=1)

    return attached_lists(sources.registry, sources.state, entries, sources.branch.records, log)


def images_of(sources: BranchSources, entries: Entries) -> Images:
    """Return what the registry says about images, if a list of the matrix says it; without their scans."""
    from image_matrix.publish.released_images import asks_registry, released_images

    if not asks_registry(sources.state.loaded.matrix):
        return {}
    return released_images(sources.registry, entries, sources.branch.catalog, sources.held)


def with_scans(sources: BranchSources, entries: Entries, images: Images) -> Images:
    """Return the images with what the last scan found, if there is a page; notes name those where it is not known."""
    from image_matrix.publish.attached_reports import known_scans

    release = sources.state.loaded.matrix.release
    if "page" not in release.lists:
        return images
    scanned, unread = known_scans(sources.registry, entries, images, release.scan)
    for name, reason in unread.items():
        note(sources.session, f"{name}: {reason}")
    return scanned


def files_of(sources: BranchSources, entries: Entries, attached: Attached, images: Images) -> dict[str, File]:
    """Return ``deploy/`` with these entries."""
    from image_matrix.publish.release_files import deploy_files

    branch, earlier = sources.branch, _earlier(sources)
    return deploy_files(sources.state, entries, branch.kept, images, branch.records, attached, earlier)


def page_of(sources: BranchSources, entries: Entries, attached: Attached, images: Images) -> File:
    """Return the page of ``deploy/`` alone."""
    from image_matrix.publish.page_file import page_file
    from image_matrix.publish.released_contents import states_of

    known = states_of(sources.state, entries, sources.branch.records, attached)
    return page_file(sources.state, entries, images, known, _earlier(sources))


def _earlier(sources: BranchSources) -> Records:
    """Return what the branch has said before."""
    from image_matrix.cli.release_history import history

    return history(sources.git, sources.branch.now) if sources.branch.now else ()
