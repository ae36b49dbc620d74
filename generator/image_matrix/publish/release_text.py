"""Words the commit and the summary of a release."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.publish.release_files import ReleaseEntry


SOURCE_TRAILER = "Source-Commit"
LISTED = 100
"""Number of images that a run's summary lists."""


def message(changed: Sequence[str], total: int, source: str | None) -> str:
    """Return the commit's message: the changed images, and the commit that they were released from."""
    shown = "\n".join(f"- {name}" for name in changed) or "- only the deploy files"
    trailer = f"\n{SOURCE_TRAILER}: {source}\n" if source else ""
    return f"Release {len(changed)} of {total} images\n\n{shown}\n{trailer}"


def summary(changed: Sequence[str], entries: Mapping[str, ReleaseEntry], location: str) -> str:
    """Return a run's summary of a release, in Markdown; ``location`` is a sentence that says where ``deploy/`` is."""
    rows = [f"| `{name}` | `{entries[name]['digest']}` |" for name in changed[:LISTED]]
    table = ["| image | digest |", "| --- | --- |", *rows] if rows else []
    rest = ["", f"… and {len(changed) - LISTED} more"] if len(changed) > LISTED else []
    head = f"**{len(changed)} of {len(entries)} images have a new digest.** {location}"
    return "\n".join(["### Release", "", head, "", *table, *rest, ""])


def source_of(commit_message: str) -> str | None:
    """Return the commit that a release was made from."""
    match = re.search(rf"^{SOURCE_TRAILER}: ([0-9a-f]{{40}})$", commit_message, re.MULTILINE)
    return match[1] if match else None
