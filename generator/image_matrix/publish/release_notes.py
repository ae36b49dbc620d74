"""Words what a release changes in the images: for the commit on the release branch, and for the run's summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.inventory.difference import difference
from image_matrix.render.docs.differences import as_markdown, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.inventory.difference import ImageState

PACKAGES = 20
"""The maximum number of packages that a commit lists for each set of images."""
LINES = 300
"""The maximum number of lines in a commit."""
CHARACTERS = 200_000
"""The maximum length in a summary; GitHub takes 1 MiB for all that a step writes."""
WHOLE = "`image-matrix diff OLD NEW` compares any two releases."


@dataclass(frozen=True, slots=True)
class ReleaseNotes:
    """What a release changes, in words; both are empty for a first release, and if nothing is known to change."""

    text: str = ""
    markdown: str = ""


def release_notes(before: Mapping[str, ImageState], after: Mapping[str, ImageState]) -> ReleaseNotes:
    """Return what changes between the records of two releases."""
    differing = difference(before, after)
    if not before or differing.is_empty:
        return ReleaseNotes()
    states = {**before, **after}
    lines = as_text(differing, states, lambda text, _role: text, PACKAGES).splitlines()
    rest = [f"… and {len(lines) - LINES} more lines"] if len(lines) > LINES else []
    markdown = as_markdown(differing, states)
    short = markdown if len(markdown) <= CHARACTERS else "Too much to list here.\n"
    return ReleaseNotes(
        "\n".join([*lines[:LINES], *rest]) + "\n", f"### What changes in the images\n\n{short}\n{WHOLE}\n"
    )
