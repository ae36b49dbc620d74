"""Writes the text of the pull request that updates the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTED = 300
"""The maximum number of listed changes, far below GitHub's limit of 65,536 characters."""
SHOWN = 20
"""The maximum number of failures."""
RIGHTS = (
    "let Actions create pull requests (Settings, Actions, General), or store a token for the workflow as the secret "
    "IMAGE_MATRIX_TOKEN"
)


def proposal(changes: Sequence[str], unreachable: Sequence[str] = ()) -> str:
    """Return a description of the lock's changes for reviewers, in Markdown.

    ``unreachable`` are the reasons why entries could not be refreshed; those keep what they had.
    """
    more = [f"and {len(changes) - LISTED} more"] if len(changes) > LISTED else []
    listed = "\n".join([*(line[:150] for line in changes[:LISTED]), *more])
    summary = f"`image-matrix lock --upgrade` found:\n\n```text\n{listed}\n```"
    nothing = "The lock has not changed; only generated files are updated."
    return (
        f"{_warning(unreachable)}{summary if changes else nothing}\n\n"
        "The checks of this branch run now; their comment below lists the images that are rebuilt.\n"
    )


def _warning(unreachable: Sequence[str]) -> str:
    """Return what was not refreshed, as code: the text of a server is nothing to render."""
    if not unreachable:
        return ""
    lines = [f"> {line[:150].replace('`', ' ')}" for line in unreachable[:SHOWN]]
    more = [f"> and {len(unreachable) - SHOWN} more"] if len(unreachable) > SHOWN else []
    head = "> [!WARNING]\n> **Not everything could be refreshed.** What is named here keeps what was locked before:"
    return "\n".join([head, ">", "> ```text", *lines, *more, "> ```", "", ""])
