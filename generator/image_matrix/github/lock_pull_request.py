"""Writes the text of the pull request that updates the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTED = 300
"""The maximum number of listed changes, far below GitHub's limit of 65,536 characters."""
RIGHTS = (
    "let Actions create pull requests (Settings, Actions, General), or store a token for the workflow as the secret "
    "IMAGE_MATRIX_TOKEN"
)


def proposal(changes: Sequence[str]) -> str:
    """Return a description of the lock's changes for reviewers, in Markdown."""
    more = [f"and {len(changes) - LISTED} more"] if len(changes) > LISTED else []
    listed = "\n".join([*(line[:150] for line in changes[:LISTED]), *more])
    summary = f"`image-matrix lock --upgrade` found:\n\n```text\n{listed}\n```"
    nothing = "The lock has not changed; only generated files are updated."
    return (
        f"{summary if changes else nothing}\n\n"
        "The comment below lists the images that are rebuilt. If there is no comment and no check runs, this pull "
        "request was opened with GitHub's token, which starts no workflow: close and reopen the pull request.\n"
    )
