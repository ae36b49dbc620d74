from __future__ import annotations

from dataclasses import replace

import pytest

from image_matrix.build.existing_images import reusable
from image_matrix.build.request import BuildOptions
from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.registry_locations import Locations, staged
from tests.build.support import BASE, LEAF, MIDDLE, STATE, registry, tag

PUSH = BuildOptions(push=True)
REGISTRY = STATE.loaded.matrix.registry


def test_ancestors_are_looked_up_too() -> None:
    known = reusable(Locations(STATE), [LEAF], PUSH, registry(tag(BASE), tag(MIDDLE)), print)
    assert known == {BASE: f"{REGISTRY}/base@sha256:1", MIDDLE: f"{REGISTRY}/middle@sha256:1"}


def test_a_forced_build_makes_what_is_asked_for_and_uses_its_parent() -> None:
    has = registry(tag(BASE), tag(MIDDLE), tag(LEAF))
    assert set(reusable(Locations(STATE), [LEAF], BuildOptions(push=True, fresh=True), has, print)) == {
        BASE,
        MIDDLE,
    }


def test_a_forced_build_prefers_parents_of_the_place_that_it_pushes_to() -> None:
    branch = staged(STATE)
    both = registry(tag(BASE), tag(BASE, branch), tag(MIDDLE))
    forced = BuildOptions(push=True, staging=True, fresh=True)
    images = reusable(Locations(STATE, branch), [LEAF], forced, both, print)
    assert images == {
        BASE: f"{branch.loaded.matrix.registry}/base@sha256:1",
        MIDDLE: f"{REGISTRY}/middle@sha256:1",
    }
    usual = reusable(Locations(STATE, branch), [LEAF], replace(forced, fresh=False), both, print)
    assert usual[BASE] == f"{REGISTRY}/base@sha256:1"


def test_a_silent_registry_stops_what_would_be_pushed_there() -> None:
    with pytest.raises(EnvironmentFailure, match=r"gives no answer: ghcr\.io: connection refused"):
        reusable(Locations(STATE), [LEAF], PUSH, registry(silent=True), print)


def test_a_silent_registry_is_no_matter_for_a_build_that_stays_here() -> None:
    said: list[str] = []
    assert (
        reusable(Locations(STATE), [LEAF], BuildOptions(push=False), registry(silent=True), said.append) == {}
    )
    assert said[-1].endswith("connection refused; building all images that are needed")
