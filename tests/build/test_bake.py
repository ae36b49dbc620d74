"""What is tried again, and what is not; real builds are in tests/e2e."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.bake import METADATA, Built, bake
from image_matrix.build.failure import BuildFailed
from image_matrix.build.process import Completed
from image_matrix.build.request import BuildOptions, make_request
from image_matrix.build.workspace import BAKE_FILE
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.planning.registry_locations import Locations
from image_matrix.retry import ATTEMPTS
from tests.build.support import LEAF, STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGS = Path(__file__).parent.parent / "fixtures" / "build"
REQUEST = make_request(Locations(STATE), [LEAF], {}, BuildOptions(push=True), ())
DIGEST = "sha256:" + "0" * 64


class Engine:
    """Fails with one log after the other, then succeeds."""

    def __init__(self, *logs: str, digest: str = DIGEST) -> None:
        self.digest = digest
        self.logs = [(LOGS / f"{name}.log").read_text(encoding="utf-8") for name in logs]
        self.told: list[str] = []
        self.pauses: list[float] = []
        self.calls = 0

    def run(self, _: list[str], folder: Path, __: Mapping[str, str]) -> Completed:
        self.calls += 1
        if self.logs:
            return Completed(1, self.logs.pop(0))
        made = {leg.target: {"containerimage.digest": self.digest} for leg in REQUEST.legs}
        (folder / METADATA).write_text(json.dumps(made))
        return Completed(0, "")

    def bake(self) -> list[Built]:
        return bake(REQUEST, ("--push",), {}, self.run, self.told.append, self.pauses.append)


def test_the_repository_of_a_run_stands_above_the_contexts() -> None:
    seen: list[Path] = []

    def run(command: list[str], folder: Path, variables: Mapping[str, str]) -> Completed:
        targets = json.loads((folder / BAKE_FILE).read_text())["target"].values()
        seen.extend(folder / target["context"] for target in targets)
        assert (folder / ".git").read_text() == "gitdir: /srv/répo/.git\n"
        assert all(context.is_dir() and context != folder for context in seen)
        return Engine().run(command, folder, variables)

    told: list[object] = []
    bake(REQUEST, ("--push",), {}, run, told.append, told.append, "gitdir: /srv/répo/.git\n")
    assert seen


@pytest.mark.parametrize("log", ["store-race", "registry-stumbled"])
def test_what_passes_is_tried_once_more(log: str) -> None:
    engine = Engine(log)
    assert {one.digest for one in engine.bake()} == {DIGEST}
    assert engine.told == ["the build failed for a temporary reason; trying again in 1 s"]


def test_a_result_without_a_digest_is_no_image() -> None:
    """What its tag points to would be tested and accepted."""
    built = Engine(digest="").bake()[0]
    with pytest.raises(EnvironmentFailure, match="does not say which digest it built"):
        _ = built.image


def test_twice_is_a_failure() -> None:
    engine = Engine("registry-stumbled", "registry-stumbled")
    with pytest.raises(EnvironmentFailure, match="500 Internal Server Error"):
        engine.bake()
    assert engine.calls == 2


@pytest.mark.parametrize("log", ["ghcr-limit", "hub-limit"])
def test_a_rate_limit_is_waited_for(log: str) -> None:
    engine = Engine(log, log, log, log)
    assert {one.digest for one in engine.bake()} == {DIGEST}
    assert engine.pauses == [1.0, 2.0, 4.0, 8.0]


def test_a_rate_limit_that_does_not_end_is_a_failure() -> None:
    engine = Engine(*["ghcr-limit"] * ATTEMPTS)
    with pytest.raises(EnvironmentFailure, match="exceeded a secondary rate limit"):
        engine.bake()
    assert engine.calls == ATTEMPTS


@pytest.mark.parametrize(("log", "kind"), [("parents-step", BuildFailed), ("one-target", BuildFailed)])
def test_a_step_that_fails_is_not_tried_again(log: str, kind: type[Failure]) -> None:
    engine = Engine(log)
    with pytest.raises(kind):
        engine.bake()
    assert engine.calls == 1


@pytest.mark.parametrize("written", [None, "", "{", "[]", '{"leaf": 1}', "\xff"])
def test_results_that_cannot_be_read_are_said(written: str | None) -> None:
    def run(command: list[str], folder: Path, variables: Mapping[str, str]) -> Completed:
        completed = Engine().run(command, folder, variables)
        if written is None:
            (folder / METADATA).unlink()
        else:
            text = written.replace("leaf", REQUEST.results[0].target)
            (folder / METADATA).write_text(text, encoding="latin-1")
        return completed

    told: list[object] = []
    with pytest.raises(EnvironmentFailure, match="did not write what, in a form that can be read"):
        bake(REQUEST, ("--push",), {}, run, told.append, told.append)
