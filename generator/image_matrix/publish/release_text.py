"""Words the commit and the summary of a release."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.publish.release_files import ReleaseEntry


SOURCE_TRAILER = "Source-Commit"
LISTED = 100
"""Number of images that a run's summary lists."""


def message(changed: Sequence[str], total: int, source: str | None, notes: str = "") -> str:
    """Return the commit's message: the changed images, what changes in them, and the commit that they are from."""
    shown = "\n".join(f"- {name}" for name in changed) or "- only the deploy files"
    trailer = f"\n{SOURCE_TRAILER}: {source}\n" if source else ""
    changes = f"\n{notes}" if notes else ""
    return f"Release {len(changed)} of {total} images\n\n{shown}\n{changes}{trailer}"


def summary(
    changed: Sequence[str],
    entries: Mapping[str, ReleaseEntry],
    location: str,
    held: Mapping[str, str] = MappingProxyType({}),
    waiting: Sequence[str] = (),
) -> str:
    """Return a run's summary of a release, in Markdown; ``location`` is a sentence that says where ``deploy/`` is.

    ``held`` are the variants that are held back, with the reason; ``waiting`` says which choices are left out.
    """
    rows = [f"| `{name}` | `{entries[name]['digest']}` |" for name in changed[:LISTED]]
    table = ["| image | digest |", "| --- | --- |", *rows] if rows else []
    rest = ["", f"… and {len(changed) - LISTED} more"] if len(changed) > LISTED else []
    head = f"**{len(changed)} of {len(entries)} images have a new digest.** {location}"
    return "\n".join(["### Release", "", head, "", *table, *rest, *_held(held), *_listed(waiting), ""])


def _held(held: Mapping[str, str]) -> list[str]:
    """Return the table of what is held back."""
    if not held:
        return []
    rows = [f"| `{name}` | {reason.replace('|', '/')} |" for name, reason in [*held.items()][:LISTED]]
    rest = ["", f"… and {len(held) - LISTED} more"] if len(held) > LISTED else []
    head = f"**{len(held)} held back.** They and their tags stay as they were released last."
    return ["", head, "", "| image | why |", "| --- | --- |", *rows, *rest]


def _listed(sentences: Sequence[str]) -> list[str]:
    return ["", *(f"- {sentence}" for sentence in sentences)] if sentences else []


def source_of(commit_message: str) -> str | None:
    """Return the commit that a release was made from."""
    match = re.search(rf"^{SOURCE_TRAILER}: ([0-9a-f]{{40}})$", commit_message, re.MULTILINE)
    return match[1] if match else None
