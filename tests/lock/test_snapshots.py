"""Which sources get a moment of their snapshot service: those that can, or those that the matrix names."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.apt_moments import lock_apt
from image_matrix.lock.apt_updates import nothing_asked
from image_matrix.lock.model import Lock
from image_matrix.lock.pins import Pins
from image_matrix.lock.read import pins_of, unlocked
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

MIXED = Path("tests/fixtures/good/snapshots-of-some-sources/matrix.yaml")
TODAY = date(2026, 11, 30)
NOW = "20261130T000000Z"


@pytest.fixture
def mixed(tmp_path: Path) -> Loaded:
    return loaded_from(tmp_path, MIXED.read_text())


def loaded_from(folder: Path, text: str) -> Loaded:
    (folder / "matrix.yaml").write_text(text)
    return load_inputs(read_inputs(folder))


def moments(loaded: Loaded, old: Lock, upgraded: str = "") -> dict[str, str]:
    """Return the moments where no image is released."""
    return {**lock_apt(loaded, old.apt, TODAY, (upgraded,), nothing_asked).moments}


def test_the_sources_that_are_named_have_moments(mixed: Loaded) -> None:
    assert moments(mixed, Lock()) == {"trixie": NOW, "ours": NOW}
    old = Lock(apt={"trixie": "20261101T000000Z", "gone": "20261101T000000Z"})
    assert moments(mixed, old) == {"trixie": "20261101T000000Z", "ours": NOW}
    assert moments(mixed, old, upgraded="apt") == {"trixie": NOW, "ours": NOW}
    assert moments(mixed, old, upgraded="ours") == {"trixie": "20261101T000000Z", "ours": NOW}


def test_what_is_not_named_does_not_float_for_want_of_a_moment(mixed: Loaded) -> None:
    float_now = {item.what for item in unlocked(mixed, Pins())}
    assert {"apt packages on trixie", "apt packages on ours"} <= float_now
    assert "apt packages on bookworm" not in float_now
    old = Lock(apt={"trixie": NOW, "bookworm": NOW})
    assert pins_of(old, mixed).apt_snapshots == {"trixie": NOW}


def test_a_source_without_apt_steps_needs_none(tmp_path: Path) -> None:
    text = (
        MIXED.read_text()
        .replace("[trixie, ours]", "[stacks, trixie]")
        .replace("apt: [gdal-bin]", "npm: [n@1.0.0]")
    )
    assert moments(loaded_from(tmp_path, text), Lock()) == {"trixie": NOW}
