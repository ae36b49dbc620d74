"""What README.md shows is what happens, up to line numbers."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import pytest

from generator.cli import run
from generator.project import builtin_templates, template_files
from generator.tree import write_atomically
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MARKDOWN = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]


def shown(command: str) -> str:
    """Return what stands below a command in the README."""
    rest = README.partition(f"\n    $ {command}\n")[2]
    assert rest, command
    block = re.match(r"(?:    .*\n|\n(?=    ))*", rest)
    assert block is not None
    return textwrap.dedent(block[0]).rstrip()


def without_lines(text: str) -> str:
    text = re.sub(r"(matrix\.yaml:)\d+", r"\1N", text)
    return re.sub(r"^ *\d* +\|", "|", text, flags=re.MULTILINE)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with this one's matrix and the four lines of the README."""
    lines = re.findall(r"^```yaml\n(  jupyter-geo:\n.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    assert len(lines) == 1
    assert len(lines[0].splitlines()) == 4
    text = (REPOSITORY / "matrix.yaml").read_text(encoding="utf-8")
    (tmp_path / "matrix.yaml").write_text(text.replace("\nimages:\n", f"\nimages:\n{lines[0]}", 1))
    for path, file in template_files(builtin_templates()).items():
        write_atomically(tmp_path / "templates" / path, file)
    return tmp_path


def test_the_graph(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["-q", "-C", str(REPOSITORY), "graph"]) == 0
    assert capfd.readouterr().out.rstrip() == shown("image-matrix graph")


def test_where_values_come_from(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["-q", "-C", str(REPOSITORY), "list", "--resolved", "jupyter-pytorch-cuda"]) == 0
    out = without_lines(capfd.readouterr().out.rstrip())
    assert out == without_lines(shown("image-matrix list --resolved jupyter-pytorch-cuda"))


def test_four_lines_make_an_image(repository: Path) -> None:
    assert run(["-q", "-C", str(repository), "render"]) == 0
    for line in shown("image-matrix render").splitlines():
        kind, _, path = line.partition(" ")
        assert kind not in ("add", "change") or (repository / path).is_file()


def test_a_mistake(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    matrix = repository / "matrix.yaml"
    text = matrix.read_text()
    lines = "    parent: jupyter\n    pip: [geopandas"
    matrix.write_text(text.replace(lines, "    parent: jupiter\n    pips: [geopandas"))
    assert run(["-C", str(repository), "check"]) == 2
    assert without_lines(capfd.readouterr().err.rstrip()) == without_lines(shown("image-matrix check"))


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
