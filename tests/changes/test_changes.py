"""What reviewers read of a change of the matrix, in a comment and on the terminal.

A case has an overlay of what is after the change, and if it needs one, of what is before.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from image_matrix.cli.against import change_text
from image_matrix.cli.terminal import wrapped
from image_matrix.github.profile_changes import profile_changes
from image_matrix.inventory.changes import ContentChange
from image_matrix.inventory.model import PackageName
from image_matrix.lock.pins import Pins
from image_matrix.project.load import load
from image_matrix.render.kubernetes.offer_review import OfferReview, PinnedMatrix, offer_review

FOLDER = Path(__file__).parent
CASES = sorted(path.name for path in (FOLDER / "cases").iterdir())
TERMINAL = 80
"""Characters of a line."""


@cache
def state(*overlays: str) -> PinnedMatrix:
    """The base with overlays' texts on top, and no lock."""
    texts = {"matrix.yaml": (FOLDER / "base.yaml").read_text(encoding="utf-8")}
    texts |= {f"overlay-{at}.yaml": text for at, text in enumerate(overlays)}
    return PinnedMatrix(load(texts, ["base"]), Pins())


def compare(path: Path, text: str) -> None:
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_what_reviewers_read(name: str) -> None:
    folder = FOLDER / "cases" / name
    before, after = (
        state(*(path.read_text(encoding="utf-8") for path in folder.glob(f"{side}.yaml")))
        for side in ("before", "after")
    )
    compare(folder / "expected.md", profile_changes(after, before, ()))
    compare(folder / "expected.txt", wrapped(change_text(offer_review(before, after)), TERMINAL))


def test_many_changes_of_packages_are_counted_on_the_terminal() -> None:
    changes = tuple(
        ContentChange(PackageName("pip", "six"), "1", "2", listed=True, images=(f"image{number}",))
        for number in range(10)
    )
    lines = change_text(OfferReview((), changes, ())).splitlines()
    assert len(lines) == 9
    assert lines[-1] == "- … and packages of other images (2 lines; --format json has all)"
