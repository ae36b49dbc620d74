"""Every file below cases/ is an overlay of base.yaml that is wrong; its name starts with the code that says so.

IMAGE_MATRIX_UPDATE=1 writes the expected texts anew; read the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics.catalogue import RULES
from image_matrix.diagnostics.report import terminal
from image_matrix.project.load import load

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.yaml"))
ELSEWHERE = {
    "IM703",
    "IM704",
    "IM720",
    "IM723",
    "IM727",
    "IM731",
    "IM732",
    "IM733",
    "IM734",
    "IM735",
    "IM737",
    "IM739",
}
"""Need two revisions (test_against), thousands of choices (test_offer), a HelmRelease (test_merge), a BuildKit
(tests/fixtures/bad), or only warn (test_lost).
"""


def texts(*files: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def test_the_base_is_valid() -> None:
    assert load(texts(HERE / "base.yaml"), ["base"]).warnings == ()


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_what_is_wrong_is_said(case: Path) -> None:
    with pytest.raises(MatrixError) as raised:
        load(texts(HERE / "base.yaml", case), ["base"])
    said = terminal(raised.value.diagnostics)
    assert case.stem[:5] in {item.code for item in raised.value.diagnostics}
    expected = case.with_suffix(".txt")
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


def test_every_rule_of_profiles_has_a_case() -> None:
    shown = {case.stem[:5] for case in CASES}
    assert shown | ELSEWHERE >= {code for code in RULES if code.startswith("IM7")}
