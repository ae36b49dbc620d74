"""Writes the text of the pull request that updates the lock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from image_matrix.json_data import read_json
from image_matrix.text import fitting

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTED = 200
"""The maximum number of listed changes. With the updates of apt, they are below GitHub's limit of 65,536 characters."""
LISTED_UPDATES = 80
"""The maximum number of listed updates of apt packages, with :data:`UPDATE` characters each."""
UPDATE = 300
SHOWN = 20
"""The maximum number of failures."""
HANDED_ON = 100_000
"""The maximum number of characters between two jobs: a variable of a step has at most 128 KiB (execve(2))."""
RIGHTS = (
    "let Actions create pull requests (Settings, Actions, General), or store a token for the workflow as the secret "
    "IMAGE_MATRIX_TOKEN"
)


def proposal(changes: Sequence[str], unreachable: Sequence[str] = (), apt_updates: Sequence[str] = ()) -> str:
    """Return a description of the lock's changes for reviewers, in Markdown.

    ``unreachable`` are the reasons why entries could not be refreshed; those keep what they had. ``apt_updates`` are
    the packages in released images that have a newer version. Both come from a job that this one does not trust.
    """
    summary = f"`image-matrix lock --upgrade` found:\n\n{_code(changes, LISTED, 150)}"
    nothing = "The lock has not changed; only generated files are updated."
    return (
        f"{_warning(unreachable)}{summary if changes else nothing}\n\n{_updates(apt_updates)}"
        "The checks of this branch run now; their comment below lists the images that are rebuilt.\n"
    )


def handed_on(lines: Sequence[str]) -> str:
    """Return lines as one line of JSON, for a job that has more rights."""
    return f"[{','.join(fitting((json.dumps(line[:UPDATE]) for line in lines), HANDED_ON))}]"


def lines_of(text: str) -> list[str]:
    """Return the lines that another job has handed on; what has another form is no line."""
    try:
        value = read_json(text or "[]")
    except ValueError:
        return []
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _updates(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    head = "Updates of Debian packages in released images, with the CVEs that their changelogs name:"
    return f"{head}\n\n{_code(lines, LISTED_UPDATES, UPDATE)}\n\n"


def _code(lines: Sequence[str], most: int, width: int) -> str:
    """Return lines as a block of code, in which nothing is rendered."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    shown = (line[:width].replace("`", " ").replace("\n", " ") for line in lines[:most])
    return "\n".join(["```text", *shown, *more, "```"])


def _warning(unreachable: Sequence[str]) -> str:
    """Return what was not refreshed, as code: the text of a server is nothing to render."""
    if not unreachable:
        return ""
    lines = [f"> {line[:150].replace('`', ' ')}" for line in unreachable[:SHOWN]]
    more = [f"> and {len(unreachable) - SHOWN} more"] if len(unreachable) > SHOWN else []
    head = "> [!WARNING]\n> **Not everything could be refreshed.** What is named here keeps what was locked before:"
    return "\n".join([head, ">", "> ```text", *lines, *more, "> ```", "", ""])
