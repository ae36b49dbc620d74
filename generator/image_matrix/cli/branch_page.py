"""Writes the page of a release branch whose other files stay, since somebody has rolled them back by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.branch_files import attached_of, images_of, page_of, with_scans
from image_matrix.publish.release_files import DIGESTS, PAGE

if TYPE_CHECKING:
    from image_matrix.cli.branch_files import BranchSources
    from image_matrix.output_tree.files import File
    from image_matrix.planning.plan import State

MESSAGE = "Update the page of the released images\n\nThe other files stay: they were changed by hand.\n"
"""It has no trailer, so it is no release: what was rolled back is still found by the last one."""
RELEASES = 20
"""The number of releases that are looked at for the one that the branch was rolled back to."""


def page_commit(sources: BranchSources) -> tuple[str | None, dict[str, File]]:
    """Write a commit with what is known today of the images that the branch offers; return it with its file.

    ``None`` if the page stays as it is, and no file if there is no page, or nobody knows any more how to write it.
    """
    from image_matrix.github.branch_commit import folder_commit

    state = _state_of_offer(sources)
    if state is None or "page" not in state.loaded.matrix.release.lists:
        return None, {}
    offered, of_offer = sources.branch.offered, replace(sources, state=state, held={})
    images = with_scans(of_offer, offered, images_of(of_offer, offered))
    page = {PAGE: page_of(of_offer, offered, attached_of(of_offer, offered), images)}
    return folder_commit(sources.git, sources.branch.now, PAGE, page, MESSAGE), page


def _state_of_offer(sources: BranchSources) -> State | None:
    """Return the matrix of the newest release with the images that the branch offers now; ``None`` if it is gone.

    It is the one of today if no release had them: then somebody has written digests by hand, and the rest is as the
    last release wrote it.
    """
    from image_matrix.cli.prune_revisions import readable_state
    from image_matrix.github.branch_commit import newest_with_trailer, subtree
    from image_matrix.github.released_texts import source_at
    from image_matrix.publish.release_text import SOURCE_TRAILER

    git, now = sources.git, sources.branch.now or ""
    offered = subtree(git, now, DIGESTS)
    releases = newest_with_trailer(git, now, SOURCE_TRAILER, RELEASES)
    same = next((one for one in releases if subtree(git, one, DIGESTS) == offered), None)
    if same is None:
        return sources.state
    source = source_at(git, same)
    return readable_state(sources.session, source) if source else None
