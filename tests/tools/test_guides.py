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
SERVER = REPOSITORY / "templates/rootfs/rstudio/usr/local/lib/image-matrix/rserver"


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_matrix_of_this_repository_takes_an_example(example: str) -> None:
    texts = {"matrix.yaml": (REPOSITORY / "matrix.yaml").read_text(encoding="utf-8"), "example.yaml": example}
    result = load(texts, read_templates(REPOSITORY).kinds, contexts=ANY_FILE)
    assert [warning for warning in result.warnings if warning.code != "IM805"] == []


def kept() -> re.Pattern[str]:
    """The names of variables that sessions of RStudio get, besides what init scripts set."""
    parts = re.findall(
        r"""^kept=['"](?:\$kept\|)?(.*)['"]$""", SERVER.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(parts) > 1
    return re.compile("|".join(parts))


def names(text: str) -> list[str]:
    """The variables in a part of a page; a name that ends with an underscore stands for all that begin with it."""
    found = re.findall(r"`([A-Z][A-Z_]+)`", text)
    return [f"{name}NAME" if name.endswith("_") else name for name in found]


def test_the_variables_of_sessions_of_rstudio_are_those_of_the_page() -> None:
    page = (REPOSITORY / "docs/guides/environment.md").read_text(encoding="utf-8")
    section = page.partition("## Sessions of RStudio")[2].partition("\n## ")[0]
    given, _, held_back = section.partition("**Held back**")
    assert len(names(given)) > 30
    assert [name for name in names(given) if not kept().fullmatch(name)] == []
    assert len(names(held_back)) > 3
    assert [name for name in names(held_back) if kept().fullmatch(name)] == []
