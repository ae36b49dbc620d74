"""Which released images are asked for updates of apt packages, and what an entry of the lock would do to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.lock.apt_updates import AptAnswer, counting
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.publish.images_to_ask import (
    Effect,
    below_released,
    dated_to_ask,
    effect_of_day,
    effect_of_entry,
    images_to_ask,
    unasked,
)

if TYPE_CHECKING:
    from image_matrix.planning.plan import State

MOMENT = "20261130T000000Z"
MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources:
  trixie: docker.io/library/debian:trixie-slim
  stacks: quay.io/jupyter/scipy-notebook:2026-08-03
images:
  base: {from: trixie, kind: base, apt: [less]}
  lab: {from: base, apt: ["git=1:2.47*"]}
  plain: {from: lab, env: {MODE: full}}
  geo: {from: stacks, apt: [gdal-bin]}
  given: {from: trixie, context: given, contract: none}
  on-given: {from: given, apt: [tree]}
  own: {from: trixie, kind: own}
  dated: {from: base, context: dated, refresh_days: 30}
  on-dated: {from: dated, apt: [jq]}
  debs: {from: stacks, apt: {packages: [tool], files: [debs/tool_1.0-1_all.deb, debs/other.deb]}, downloads: [tini]}
downloads:
  tini:
    version: 0.19.0
    url: https://example.org/v{version}/tini_{version}%2B1_{arch}.deb?raw=true
    deb: true
"""
OWN = '{% set contract = "none" %}\nFROM {{ source | word }}\nRUN apt-get update && apt-get install --yes nano\n'


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, State]:
    """The state with a moment for all sources, and the one without."""
    folder = tmp_path_factory.mktemp("ask")
    (folder / "matrix.yaml").write_text(MATRIX)
    for name, base in (("given", "debian:trixie-slim"), ("dated", "ghcr.io/example/notebooks/base")):
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text(f"FROM {base}\nRUN apt-get update\n")
    (folder / "debs").mkdir()
    for name in ("tool_1.0-1_all.deb", "other.deb"):
        (folder / "debs" / name).write_bytes(b"!<arch>\n")
    (folder / "templates/dockerfiles").mkdir(parents=True)
    (folder / "templates/dockerfiles/own.Dockerfile.j2").write_text(OWN)
    project = load_project(read_inputs(folder))
    moments = Pins(apt_moments=dict.fromkeys(project.loaded.matrix.sources, MOMENT))
    return {True: state_of(replace(project, pins=moments)), False: state_of(project)}


def effects(states: dict[bool, State]) -> dict[str, Effect | None]:
    state = states[True]
    variants = state.loaded.variants
    return {
        item.image: effect_of_entry(state.loaded, item, state.rendered, MOMENT) for item in variants.values()
    }


def asked(states: dict[bool, State], released: list[str], sources: tuple[str, ...]) -> list[str]:
    variants = states[True].loaded.variants
    return [item.image for item in images_to_ask(variants, {f"{name}:default" for name in released}, sources)]


def test_roots_and_ends_of_chains_are_asked(states: dict[bool, State]) -> None:
    both = ("trixie", "stacks")
    assert asked(states, ["base", "lab", "plain", "geo"], both) == ["base", "geo", "plain"]
    assert asked(states, ["base", "lab", "gone"], both) == ["base", "lab"]
    assert asked(states, ["lab", "geo"], ("stacks",)) == ["geo"]
    assert asked(states, [], both) == []


def test_an_entry_builds_anew_what_runs_apt_and_what_is_on_it(states: dict[bool, State]) -> None:
    found = effects(states)
    assert found["plain"] == Effect(None, ("less", "git=1:2.47*"), upgrades_source=True)
    assert found["geo"] == Effect(None, ("gdal-bin",), upgrades_source=True)
    assert found["own"] is found["given"] is None
    on_given = found["on-given"]
    assert on_given is not None
    assert on_given.base is not None
    assert (on_given.base.image, on_given.entries, on_given.upgrades_source) == ("given", ("tree",), False)


def test_keys_move_exactly_where_an_entry_has_an_effect(states: dict[bool, State]) -> None:
    moved = {
        name.partition(":")[0]
        for name, keys in states[True].keys.items()
        if keys.index != states[False].keys[name].index
    }
    assert moved == {name for name, effect in effects(states).items() if effect}


def test_every_step_that_installs_debian_packages_has_the_moment(states: dict[bool, State]) -> None:
    """A step whose parent has the same files as before is else taken from the builder's cache."""
    for path, file in states[True].rendered.items():
        if path.endswith("/Dockerfile") and "/own/" not in path:
            for step in file.content.decode().split("\nRUN ")[1:]:
                assert ("apt-get install" in step) <= (MOMENT in step), (path, step)


def test_an_own_dockerfile_is_asked_by_its_day_alone(states: dict[bool, State]) -> None:
    variants = states[True].loaded.variants
    released = ["base:default", "dated:default", "on-dated:default", "given:default"]
    assert [item.image for item in images_to_ask(variants, released, ("trixie",))] == ["base"]
    assert [item.image for item in dated_to_ask(variants, released, ("trixie",))] == ["dated"]
    assert dated_to_ask(variants, released, ("stacks",)) == []
    text = b"FROM base\nRUN apt-get install --yes curl=8.1-1 jq libssl3=3.0* && ln -s --a=b x\nENV A=b"
    effect = effect_of_day(variants, variants["dated:default"], text)
    assert effect.base is variants["base:default"]
    assert effect.entries == ("curl=8.1-1", "libssl3=3.0*")
    assert effect_of_day(variants, variants["given:default"], b"").base is None


def test_what_stands_on_an_unreleased_image_cannot_be_asked(states: dict[bool, State]) -> None:
    variants = states[True].loaded.variants
    base, dated = variants["base:default"], variants["dated:default"]
    of_day = {dated.id: effect_of_day(variants, dated, b"")}
    assert below_released(variants, [dated.id], ("trixie",)) == {dated.id: base}
    assert below_released(variants, [dated.id, base.id], ("trixie",)) == {}
    assert unasked(variants, [dated.id], of_day, {dated.id: base}) == {dated.id: base}
    assert unasked(variants, [dated.id, base.id], of_day, {}) == {}
    with_lab = {"lab:default": Effect(None, ())}
    assert unasked(variants, ["lab:default"], with_lab, {"x": base}) == {}


def test_a_file_of_a_package_is_pinned_to_its_version(states: dict[bool, State]) -> None:
    found = effects(states)["debs"]
    assert found is not None
    assert found.entries == ("tool", "tool=1.0-1", "tini=0.19.0+1")
    assert found.guesses == ("tini=0.19.0", "other=0~")
    newer = AptAnswer((("tool", "1.0-1", "1.0-2"), ("tini", "0.19.0+1", "1:0.20"), ("jq", "1", "2")))
    assert [one.package for one in counting(newer, found.entries, found.guesses)] == ["jq"]
