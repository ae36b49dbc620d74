"""The pictures of README.md show what the program prints now, and are small."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tools import pictures
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 150_000
"""Bytes of a picture: pages load them all."""


@pytest.fixture(scope="module")
def current() -> dict[str, pictures.Screenshot]:
    return pictures.screenshots()


@pytest.mark.slow
def test_no_picture_shows_what_was(current: dict[str, pictures.Screenshot]) -> None:
    names = pictures.outdated(current)
    assert names == [], (
        f"{', '.join(names)} of docs/pictures changed: run `make pictures`, and commit what it makes"
    )


@pytest.mark.slow
def test_a_picture_whose_content_changes_is_out_of_date(
    current: dict[str, pictures.Screenshot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = pictures.Screenshot(str, 1, 1, "another content")
    assert "comment" in pictures.outdated({**current, "comment": other})
    monkeypatch.setattr(pictures, "INPUTS", tmp_path / "inputs.json")
    assert pictures.outdated(current)[-3:] == ["catalog", "comment", "form"]


def test_every_picture_is_small_and_has_words_for_who_does_not_see_it() -> None:
    files = {path for path in pictures.FOLDER.iterdir() if path.suffix in (".png", ".svg")}
    assert len(files) == 4
    assert {path.name: path.stat().st_size for path in files if path.stat().st_size > LARGEST} == {}
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = {path: words for words, path in re.findall(r"^!\[(.*)\]\((.+)\)$", readme, re.MULTILINE)}
    assert {REPOSITORY / path for path in shown} == files
    assert all(len(words) > 40 for words in shown.values())
