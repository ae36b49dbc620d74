"""The text of the pull request that refreshes the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTED = 300
"""Changes that are listed: far less than the 65,536 characters that GitHub takes."""
RIGHTS = (
    "let Actions create pull requests (Settings, Actions, General), or give the workflow a token of its own as the "
    "secret IMAGE_MATRIX_TOKEN"
)


def proposal(changes: Sequence[str]) -> str:
    """Return what the lock's changes mean for whoever reviews them, in Markdown."""
    more = [f"and {len(changes) - LISTED} more"] if len(changes) > LISTED else []
    listed = "\n".join([*(line[:150] for line in changes[:LISTED]), *more])
    said = f"`image-matrix lock --upgrade` found:\n\n```text\n{listed}\n```"
    nothing = "The lock is as it was; generated files follow the matrix again."
    return (
        f"{said if changes else nothing}\n\n"
        "The comment below says which images are built anew for that. Where there is none and no check runs, this was "
        "opened with GitHub's own token, which starts no workflow: close and reopen the pull request.\n"
    )
