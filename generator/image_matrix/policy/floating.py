"""Finds what may become something else in the next build, where a policy denies that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.read import unlocked
from image_matrix.policy.packages import unpinned_packages
from image_matrix.policy.sources import moving_sources
from image_matrix.policy.violation import Violation, refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.policy import Policy
    from image_matrix.lock.pins import Pins

_BRANCH = re.compile(
    r"/refs/heads/"
    r"|//raw\.githubusercontent\.com/[^/]+/[^/]+/(main|master|develop|trunk|HEAD)/"
    r"|/(archive|raw|tarball|zipball)/(main|master|develop|trunk|HEAD)([./]|$)"
)
"""A file of a branch, in the addresses of GitHub, GitLab, Gitea and Bitbucket."""


def floating_things(policy: Policy, loaded: Loaded, pins: Pins, today: str) -> Iterator[Violation]:
    """Yield everything that floats in a way that a policy denies."""
    kinds = {entry.name for entry in policy.floating.deny}
    if "moving_tags" in kinds:
        yield from moving_sources(policy, loaded, today)
    if "unpinned" in kinds:
        yield from unpinned_packages(policy, loaded, today)
    if "branches" in kinds:
        yield from _branches(policy, loaded, today)
    if "unlocked" in kinds:
        yield from _unlocked(policy, loaded, pins, today)


def _branches(policy: Policy, loaded: Loaded, today: str) -> Iterator[Violation]:
    for name, download in loaded.matrix.downloads.items():
        if not _BRANCH.search(download.url):
            continue
        place = loaded.documents.place(("downloads", name, "url"))
        what = f"the download `{name}` is a file of a branch, which"
        for refusal in refusals(policy.floating, "branches".__eq__, today):
            advice = "write the address of a release or of a commit"
            yield Violation(rules.FLOATS, place, f"branches:{name}", what, refusal, advice)


def _unlocked(policy: Policy, loaded: Loaded, pins: Pins, today: str) -> Iterator[Violation]:
    for item in unlocked(loaded, pins):
        place = item.image.place if item.image else loaded.documents.place(item.path, "key")
        what = f"{item.what}: it is not in the lock, which"
        for refusal in refusals(policy.floating, "unlocked".__eq__, today):
            advice = item.image.advice if item.image else "run `image-matrix lock`"
            yield Violation(rules.NOT_LOCKED_BY_POLICY, place, f"unlocked:{item.what}", what, refusal, advice)
