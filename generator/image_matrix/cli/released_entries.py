"""Reads from this clone what the release branch offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.publish.release_files import ReleaseEntry


def released_entries(session: Session, branch: str) -> Mapping[str, ReleaseEntry] | None:
    """Return the digest file of the release branch; ``None``, with a note, if the clone does not have the branch.

    Its newest commit that the clone knows counts: of `origin`, which releases push to.
    """
    from image_matrix.project.history import commit_of, text_of_commit
    from image_matrix.publish.release_files import DIGESTS, read_entries

    commit = commit_of(session.root, f"origin/{branch}") or commit_of(session.root, branch)
    if commit is None:
        note(
            session,
            f"this clone has no branch `{branch}`, so what is released is not known; `git fetch` brings it",
        )
        return None
    return read_entries(text_of_commit(session.root, commit, DIGESTS))
