"""When the steps run again that nothing locks: by their interval, by their name, or for an update."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.lock.changes import changes
from image_matrix.lock.model import Lock
from image_matrix.lock.read import pins_of, unlocked
from image_matrix.lock.refreshed import (
    intervals,
    is_over,
    names_to_refresh,
    never_refreshed,
    refreshed_days,
    without_day,
)
from image_matrix.lock.resolver_api import ALL
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.config.loaded import Loaded

MATRIX = """\
version: 1
registry: registry.example.org/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
defaults: {images: {refresh_days: 30}}
images:
  plain: {from: debian, apt: [git]}
  own: {from: debian, context: own, axes: {device: [cpu, gpu]}, overrides: [{match: {device: gpu}, refresh_days: 7}]}
  set-up: {from: plain, scripts: [set-up.sh]}
  never: {from: plain, scripts: [set-up.sh], refresh_days: null}
  below: {from: own}
"""
FILES = {
    "matrix.yaml": MATRIX,
    "own/Dockerfile": "FROM debian:trixie-slim\nRUN true\n",
    "set-up.sh": "#!/bin/sh\ntrue\n",
}
TODAY = date(2026, 11, 30)
DATED = {"own:cpu": "2026-11-30", "own:gpu": "2026-11-30", "set-up:default": "2026-11-30"}


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "set-up.sh").chmod(0o755)
    return load_inputs(read_inputs(tmp_path))


def test_what_has_such_steps_and_an_interval_gets_todays_day(loaded: Loaded) -> None:
    assert refreshed_days(loaded, {}, TODAY, ()) == DATED
    assert intervals(loaded) == {"own:cpu": 30, "own:gpu": 7, "set-up:default": 30}
    assert never_refreshed(loaded) == ["the scripts of never"]


def test_a_day_stays_until_its_interval_is_over(loaded: Loaded) -> None:
    old = {
        "own:cpu": "2026-10-31",
        "own:gpu": "2026-11-24",
        "set-up:default": "2026-11-01",
        "gone": "2026-01-01",
    }
    kept = {name: old[name] for name in DATED}
    assert refreshed_days(loaded, old, TODAY, ()) == kept
    assert refreshed_days(loaded, old, TODAY, ("debian",)) == kept
    assert refreshed_days(loaded, old, TODAY, ALL) == {**kept, "own:cpu": "2026-11-30"}


def test_a_name_or_an_update_moves_a_day_at_once(loaded: Loaded) -> None:
    old = dict.fromkeys(DATED, "2026-11-29")
    assert refreshed_days(loaded, old, TODAY, ("own",)) == {**DATED, "set-up:default": "2026-11-29"}
    assert refreshed_days(loaded, old, TODAY, ("own:gpu",)) == {**old, "own:gpu": "2026-11-30"}
    assert refreshed_days(loaded, old, TODAY, ("apt",), {"set-up:default"}) == {
        **old,
        "set-up:default": "2026-11-30",
    }
    assert names_to_refresh(loaded) == {"own", "own:cpu", "own:gpu", "set-up", "set-up:default"}


@given(st.dates(), st.integers(1, 3650), st.dates())
def test_an_interval_begins_today_and_lasts_its_days(begin: date, days: int, today: date) -> None:
    assert not is_over(today.isoformat(), days, today)
    if timedelta() <= today - begin:
        assert is_over(begin.isoformat(), days, today) == (today - begin >= timedelta(days=days))


def test_a_day_in_the_future_is_no_interval() -> None:
    assert is_over("2999-01-01", 30, TODAY)
    assert is_over("9999-12-31", 3650, date(9999, 12, 30))


def test_an_image_without_a_day_is_answered_with_what_to_write(loaded: Loaded) -> None:
    assert without_day(loaded, "never:default") == (
        "write `refresh_days: 30` at `images.never`: the lock then has the day of its steps"
    )
    assert without_day(loaded, "plain") == "all steps of the image `plain` are locked: name what is in it"
    assert without_day(loaded, "debian") is None


def test_a_dockerfile_that_runs_nothing_has_no_day(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text(MATRIX.replace(", refresh_days: 7", ""))
    (tmp_path / "own").mkdir()
    (tmp_path / "own/Dockerfile").write_text("FROM debian:trixie-slim\nENV TEAM=data\n")
    (tmp_path / "set-up.sh").write_text("#!/bin/sh\n")
    (tmp_path / "set-up.sh").chmod(0o755)
    loaded = load_inputs(read_inputs(tmp_path))
    assert intervals(loaded) == {"set-up:default": 30}
    assert never_refreshed(loaded) == ["the scripts of never"]
    assert without_day(loaded, "own") == "all steps of the image `own` are locked: name what is in it"


def test_the_pull_request_names_what_moves(loaded: Loaded) -> None:
    old = Lock(refreshed={"own:cpu": "2026-10-31", "own:gpu": "2026-11-24", "gone:default": "2026-11-01"})
    new = Lock(refreshed={"own:cpu": "2026-11-30", "own:gpu": "2026-11-24", "set-up:default": "2026-11-30"})
    assert changes(old, new, intervals(loaded)) == [
        "image gone: refreshed 2026-11-01 (gone)",
        "image own:cpu: refreshed 2026-10-31 → 2026-11-30 (every 30 days)",
        "image set-up: refreshed 2026-11-30 (new) (every 30 days)",
    ]


def test_what_has_no_day_yet_is_not_locked(loaded: Loaded) -> None:
    pins = pins_of(Lock(refreshed={"own:cpu": "2026-11-30", "below:cpu": "2026-11-30"}), loaded)
    assert pins.refreshed == {"own:cpu": "2026-11-30"}
    floating = [item.what for item in unlocked(loaded, pins)]
    assert [what for what in floating if "day" in what] == [
        "the day of the Dockerfile of own",
        "the day of the scripts of set-up",
    ]
