"""What is tried again, and what is not; real builds are in tests/e2e."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.bake import METADATA, Built, bake
from image_matrix.build.failure import BuildFailed
from image_matrix.build.process import Ended
from image_matrix.build.request import Aim, make_request
from image_matrix.errors import EnvironmentFailure, Failure
from tests.build.support import LEAF, STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGS = Path(__file__).parent.parent / "fixtures" / "build"
REQUEST = make_request((STATE,), [LEAF], {}, Aim(push=True), ())
DIGEST = "sha256:" + "0" * 64


class Engine:
    """Fails with one log after the other, then succeeds."""

    def __init__(self, *logs: str) -> None:
        self.logs = [(LOGS / f"{name}.log").read_text(encoding="utf-8") for name in logs]
        self.told: list[str] = []
        self.calls = 0

    def watch(self, _: list[str], folder: Path, __: Mapping[str, str]) -> Ended:
        self.calls += 1
        if self.logs:
            return Ended(1, self.logs.pop(0))
        made = {leg.target: {"containerimage.digest": DIGEST} for leg in REQUEST.legs}
        (folder / METADATA).write_text(json.dumps(made))
        return Ended(0, "")

    def bake(self) -> list[Built]:
        return bake(REQUEST, ("--push",), {}, self.watch, self.told.append)


@pytest.mark.parametrize("log", ["store-race", "registry-stumbled"])
def test_what_passes_is_tried_once_more(log: str) -> None:
    engine = Engine(log)
    assert {one.digest for one in engine.bake()} == {DIGEST}
    assert engine.told == ["the build failed for a reason that passes; trying once more"]


def test_twice_is_a_failure() -> None:
    engine = Engine("registry-stumbled", "registry-stumbled")
    with pytest.raises(EnvironmentFailure, match="500 Internal Server Error"):
        engine.bake()


@pytest.mark.parametrize(("log", "kind"), [("parents-step", BuildFailed), ("one-target", BuildFailed)])
def test_a_step_that_fails_is_not_tried_again(log: str, kind: type[Failure]) -> None:
    engine = Engine(log)
    with pytest.raises(kind):
        engine.bake()
    assert engine.calls == 1
