"""Reads what the release branch says, and has said, is in images."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.github.branch_commit import Git
    from image_matrix.inventory.difference import ImageState

COMMITS = 20
"""The number of commits that are looked at for the last change of an image."""


def records(git: Git, *commits: str) -> Iterator[dict[str, ImageState]]:
    """Yield what commits of the release branch say is in images."""
    from image_matrix.github.branch_commit import text_at
    from image_matrix.inventory.record import read_record
    from image_matrix.publish.release_files import PACKAGES

    for commit in commits:
        yield read_record(text_at(git, commit, PACKAGES))


def history(git: Git, commit: str) -> Iterator[dict[str, ImageState]]:
    """Yield what a commit of the release branch says is in images, then what the branch has said before."""
    from image_matrix.publish.release_files import PACKAGES

    changing = git(
        "log", f"--max-count={COMMITS}", "--first-parent", "--format=%H", commit, "--", f":(top){PACKAGES}"
    )
    yield from records(git, *changing.split())
