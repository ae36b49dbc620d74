from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.project.inputs import Inputs, read_templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.planning.plan import State

FIXTURES = Path(__file__).parent.parent / "fixtures" / "planning"
Edit = tuple[str, str]


@pytest.fixture(scope="session")
def inputs() -> Inputs:
    text = (FIXTURES / "matrix.yaml").read_text()
    return Inputs({"matrix.yaml": text}, read_templates(FIXTURES))


@pytest.fixture
def state(inputs: Inputs) -> Callable[..., State]:
    """The state of the fixture's matrix after replacing texts in it; each must be there."""

    def make(*edits: Edit) -> State:
        text = inputs.texts["matrix.yaml"]
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        return state_of(load_project(replace(inputs, texts={"matrix.yaml": text})))

    return make
