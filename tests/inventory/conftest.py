from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.project.load import load

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

FAMILY = Path(__file__).parent / "family.yaml"


@pytest.fixture
def family() -> Loaded:
    return load({"matrix.yaml": FAMILY.read_text(encoding="utf-8")}, ["base"])
