"""An entry of apt in the lock moves if, and only if, an update counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.lock.apt_moments import lock_apt, next_moment
from image_matrix.lock.apt_updates import AptFindings, AptUpdate
from image_matrix.lock.resolver_api import ALL
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.laws import examples

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from image_matrix.config.loaded import Loaded

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources:
  trixie: docker.io/library/debian:trixie-slim
  bookworm: docker.io/library/debian:bookworm-slim
  stacks: quay.io/jupyter/scipy-notebook:2026-08-03
images:
  new: {from: trixie, kind: base}
  old: {from: bookworm, kind: base}
  geo: {from: stacks, apt: [gdal-bin]}
"""
TODAY, START = date(2026, 11, 30), "20261130T000000Z"
SOURCES = ("trixie", "bookworm", "stacks")
UPDATE = AptUpdate("openssl", "1", "2", "openssl", "1")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("moments")
    (folder / "matrix.yaml").write_text(MATRIX)
    return load_inputs(read_inputs(folder))


def findings(
    with_updates: Collection[str], current: Collection[str] = (), asked: Collection[str] = SOURCES
) -> AptFindings:
    """Return what images named after their sources say."""
    return AptFindings(
        {name: (UPDATE,) if name in with_updates else () for name in asked},
        {name: name for name in asked},
        frozenset(SOURCES),
        frozenset(current),
    )


moments = st.dictionaries(
    st.sampled_from(SOURCES), st.sampled_from(["20261101T000000Z", START, "20261130T000007Z"])
)
some = st.frozensets(st.sampled_from(SOURCES))


@settings(max_examples=examples(300))
@given(
    old=moments,
    with_updates=some,
    current=some,
    upgraded=st.sampled_from([(), ALL, ("apt",), *((name,) for name in SOURCES)]),
)
def test_an_entry_moves_if_and_only_if_an_update_counts(
    loaded: Loaded,
    old: dict[str, str],
    with_updates: frozenset[str],
    current: frozenset[str],
    upgraded: tuple[str, ...],
) -> None:
    asked: list[str] = []

    def ask(sources: Collection[str], moment: str) -> AptFindings:
        asked.extend(sources)
        assert moment == START
        return findings(with_updates & {*sources}, current, sources)

    new = lock_apt(loaded, old, TODAY, upgraded, ask).moments
    assert asked == [name for name in SOURCES if upgraded == ALL or upgraded in (("apt",), (name,))]
    for name in SOURCES:
        is_waiting = old.get(name, "") >= START and name not in current
        if name in asked and name in with_updates and not is_waiting:
            assert new[name] > old.get(name, "")
        else:
            assert new.get(name) == old.get(name)
    assert lock_apt(loaded, new, TODAY, upgraded, ask).moments.keys() == new.keys()


SIBLINGS = ("lab", "geo", "held")


@settings(max_examples=examples(300))
@given(
    has_entry=st.booleans(),
    with_updates=st.frozensets(st.sampled_from(SIBLINGS)),
    current=st.frozensets(st.sampled_from(SIBLINGS)),
    upgraded=st.sampled_from([ALL, ("apt",), ("trixie",)]),
)
def test_one_that_is_held_back_has_no_others_built_in_vain_each_week(
    loaded: Loaded,
    has_entry: bool,
    with_updates: frozenset[str],
    current: frozenset[str],
    upgraded: tuple[str, ...],
) -> None:
    updates = {name: (UPDATE,) if name in with_updates else () for name in SIBLINGS}
    found = AptFindings(updates, dict.fromkeys(SIBLINGS, "trixie"), frozenset(SOURCES), current)
    old = {"trixie": "20261123T000000Z"} if has_entry else {}
    new = lock_apt(loaded, old, TODAY, upgraded, lambda *_: found)
    if with_updates & current:
        should_move = True
    else:
        should_move = bool(with_updates) and (not has_entry or not current or upgraded != ALL)
    assert (new.moments != old) == should_move
    assert {name for name, items in new.findings.updates.items() if items} == (
        with_updates if should_move else set()
    )


def test_twice_a_day_writes_the_same_until_it_is_built() -> None:
    assert next_moment(None, START, is_built=False) == START
    assert next_moment("20261101T000000Z", START, is_built=True) == START
    assert next_moment(START, START, is_built=False) == START
    assert next_moment(START, START, is_built=True) == "20261130T000001Z"


def test_a_moment_that_no_calendar_has_stays() -> None:
    assert next_moment("20269999T999999Z", START, is_built=True) == "20269999T999999Z"


def test_an_image_without_effect_moves_nothing(loaded: Loaded) -> None:
    found = AptFindings({"own:default": (UPDATE,)}, {}, frozenset(SOURCES))
    assert lock_apt(loaded, {}, TODAY, ALL, lambda *_: found).moments == {}
    assert found.dated_with_updates == {"own:default"}


def test_an_entry_of_a_source_that_is_gone_goes(loaded: Loaded) -> None:
    old = {"gone": START, "trixie": START}
    assert lock_apt(loaded, old, TODAY, (), lambda *_: findings(())).moments == {"trixie": START}


def test_snapshots_stay_while_it_is_not_known_what_is_released(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text(MATRIX + "defaults: {images: {apt: {snapshot: [trixie]}}}\n")
    on_snapshot = load_inputs(read_inputs(tmp_path))
    old = {"trixie": "20261101T000000Z"}
    unknown = AptFindings(released=frozenset(SOURCES), failures=("not asked: x",))
    assert lock_apt(on_snapshot, old, TODAY, ALL, lambda *_: unknown).moments == old
    moved = lock_apt(on_snapshot, old, TODAY, ALL, lambda *_: AptFindings()).moments
    assert moved == {"trixie": START}
