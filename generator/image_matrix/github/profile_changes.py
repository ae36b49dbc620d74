"""Writes what changes for users of the spawner in Markdown: profiles, packages, images, and the pods behind a fold."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from image_matrix.profiles.change_words import NAMED, change_lines
from image_matrix.profiles.content_words import package_lines, source_lines
from image_matrix.profiles.offer import offers, used_variants
from image_matrix.render.docs.images_page import text
from image_matrix.render.docs.markdown import MARKDOWN, code
from image_matrix.render.kubernetes.offer_review import offer_review
from image_matrix.render.kubernetes.pod_changes import pod_changes
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.render.kubernetes.offer_review import OfferReview, PinnedMatrix

LINES = 20
"""The maximum number of lines about profiles."""
PACKAGE_LINES = 3
"""The maximum number of lines about packages, and of those about sources."""
PACKAGES = 3
"""The maximum number of packages in a line that is not folded."""
FOLDED_PACKAGES = 100
"""The maximum number of packages in a line that is folded."""
FOLDED_IMAGES = 20
"""The maximum number of images whose names are in a line that is folded."""
IMAGES = 5
"""The maximum number of new images that are named."""
FOLDED = 10_000
"""The maximum length of what is folded, in characters, for each fold; GitHub's limit for a comment is 65,536."""


def profile_changes(new: PinnedMatrix, old: PinnedMatrix | None, rebuilt: Collection[str]) -> str:
    """Return Markdown, or an empty text if users notice nothing.

    ``rebuilt`` are the ids of variants with new images. Without an old state, nothing is compared.
    """
    review = offer_review(old, new) if old else None
    lines = [*(_lines(review) if review else ()), *_new_images(new.loaded, rebuilt)]
    if not lines:
        return ""
    folds = [*_folded_packages(review), *_folded_pods(old.loaded, new.loaded)] if review and old else []
    return "\n".join(["What changes for users:", "", *(f"- {line}" for line in lines), "", *folds])


def _lines(review: OfferReview) -> list[str]:
    return [
        *_first(change_lines(review.offers, MARKDOWN), LINES),
        *_first(package_lines(review.packages, MARKDOWN, PACKAGES), PACKAGE_LINES),
        *_first(source_lines(review.sources, MARKDOWN), PACKAGE_LINES),
    ]


def _first(lines: Sequence[str], most: int) -> list[str]:
    more = len(lines) - most
    return [*lines[:most], f"… and {more} more"] if more > 0 else list(lines)


def _new_images(loaded: Loaded, rebuilt: Collection[str]) -> list[str]:
    """Return a line with the images that are new for users, and the profiles that offer them."""
    images: dict[str, None] = {}
    profiles: dict[str, None] = {}
    offered = (offer for view in loaded.matrix.at_sites() for offer in offers(view, loaded.variants))
    for offer in offered:
        new = [item.image for item in used_variants([offer]).values() if item.id in rebuilt]
        images |= dict.fromkeys(new)
        profiles |= {text(offer.display_name): None} if new else {}
    if not images:
        return []
    where = ", ".join(profiles) if len(profiles) <= NAMED else plural(len(profiles), "profile")
    return [f"new image of {listed(map(code, images), IMAGES)} ({where})"]


def _folded_packages(review: OfferReview) -> list[str]:
    """Return all changes of packages, if the lines outside the fold leave some out."""
    shown = package_lines(review.packages, MARKDOWN, PACKAGES)
    every = package_lines(review.packages, MARKDOWN, len(review.packages))
    if shown == every and len(every) <= PACKAGE_LINES:
        return []
    lines = package_lines(review.packages, MARKDOWN, FOLDED_PACKAGES, FOLDED_IMAGES)
    return _folded(
        f"All {len(review.packages)} changes of packages", _within([f"- {line}" for line in lines])
    )


def _folded_pods(old: Loaded, new: Loaded) -> list[str]:
    """Return the pods that differ, in a block of code that no text of the matrix can end."""
    lines = pod_changes(old, new).splitlines()
    fence = "`" * max(3, *(len(run) + 1 for line in lines for run in re.findall("`+", line)), 3)
    block = [f"{fence}diff", *_within(lines), fence]
    return _folded("Pods before and after", block) if lines else []


def _within(lines: Sequence[str]) -> list[str]:
    """Return as many lines as a fold may have, and how many are left out."""
    ends = accumulate(len(line) + 1 for line in lines)
    kept = sum(1 for end in ends if end <= FOLDED)
    rest = len(lines) - kept
    return [*lines[:kept], *([f"… and {plural(rest, 'line')} more"] if rest else ())]


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]
