"""docs/guides/: examples are taken by the matrix of this repository, and what pages say of files is what is in them."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace

import pytest

from image_matrix.dockerfiles.context_reader import NO_FILES
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from tools.reference import REPOSITORY

GUIDES = sorted((REPOSITORY / "docs/guides").glob("*.md"))
EXAMPLES = [
    pytest.param(textwrap.dedent(text), id=f"{path.stem}-{number}")
    for path in GUIDES
    for number, text in enumerate(
        re.findall(r"^ *```yaml\n(.*?)^ *```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    )
]
ANY_FILE = replace(NO_FILES, mode=lambda _: "0755", entry=lambda _: ("0755", "0" * 64))
"""Pages show the files that their examples name, and no project has them."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_matrix_of_this_repository_takes_an_example(example: str) -> None:
    texts = {"matrix.yaml": (REPOSITORY / "matrix.yaml").read_text(encoding="utf-8"), "example.yaml": example}
    result = load(texts, read_templates(REPOSITORY).kinds, contexts=ANY_FILE)
    assert [warning for warning in result.warnings if warning.code != "IM805"] == []
