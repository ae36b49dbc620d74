"""A workflow with jobs for layers, from end to end."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.e2e.act import MATRIX, Repository, available, empty_repository

if TYPE_CHECKING:
    from image_matrix.verify.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not available(), reason="act is not installed")]


@pytest.fixture(scope="module")
def repository(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Repository:  # noqa: ARG001
    made = empty_repository(tmp_path_factory.mktemp("layers"), registry)
    made.write({**MATRIX, "workflow": {"jobs": "layer"}}, "Start")
    return made


def test_layer_after_layer_is_built_scanned_and_released(repository: Repository) -> None:
    outcome = repository.run("push", repository.push_event())
    assert outcome.code == 0, outcome.output[-4000:]
    assert set(outcome.results.values()) == {"succeeded"}
    assert len(repository.released()) == 3
    for layer, image in enumerate(("base", "jupyter", "jupyter-scipy")):
        name = f"tests-build_{layer}_0-{image}-amd64-python3.13"
        assert (repository.artifacts / name / "tests.xml").is_file()


def test_what_stands_on_a_failed_image_is_not_started(repository: Repository) -> None:
    matrix = copy.deepcopy(MATRIX)
    matrix["images"]["jupyter"]["pip"] = ["a-package-that-nobody-has==1.0"]
    repository.write({**matrix, "workflow": {"jobs": "layer"}}, "A package that nobody has")
    before = repository.released()
    outcome = repository.run("push", repository.push_event())
    assert outcome.code != 0
    assert "jupyter-scipy:python3.13 linux/amd64: left out, since a parent was not built" in outcome.output
    assert not any("jupyter-scipy" in name for name in outcome.results)
    assert outcome.results["Release"] == "succeeded"
    assert "jupyter-scipy:python3.13 is held back" in outcome.job("Release")
    assert repository.released() == before
