"""docs/questions.md: each command answers, or asks for an engine or a registry; its examples are right."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from tests.tools.test_guides import ANY_FILE
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (REPOSITORY / "docs/questions.md").read_text(encoding="utf-8")
ELSEWHERE = ("status", "prune", "scan", "verify", "run", "lock")
"""Commands that ask an engine, a registry or package indexes: here only their arguments are read."""
RELEASES = "2026.1129.1 2026.1201.1"


def commands() -> Iterator[str]:
    """Yield the commands of the table, without the program."""
    for row in re.findall(r"^\| .+\? \| (.+?) \|", PAGE, re.MULTILINE):
        yield from re.findall(r"`image-matrix ([^`]+)`", row)


ASKED = [*commands()]


def test_the_table_has_commands() -> None:
    assert len(ASKED) >= 18
    assert {"packages", "diff", "status", "prune", "scan", "run"} <= {line.split()[0] for line in ASKED}


@pytest.mark.parametrize("line", [one for one in ASKED if one.split()[0] not in ELSEWHERE])
def test_a_command_answers(
    line: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code = run(["-C", str(REPOSITORY), *shlex.split(line.replace(RELEASES, "HEAD HEAD"))])
    shown = capfd.readouterr()
    assert code == 0, shown.err
    assert shown.out.strip()


@pytest.mark.parametrize("line", [one for one in ASKED if one.split()[0] in ELSEWHERE])
def test_the_arguments_of_a_command_are_right(line: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*shlex.split(line), "--help"]) == 0
    wrong = shlex.split(line.replace("jupyter-scipy", "jupyter-scypi"))
    if "jupyter-scypi" in wrong:
        assert run(["-C", str(REPOSITORY), *wrong]) in (2, 3)
        assert "Usage:" not in capfd.readouterr().err


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_one_file_more_is_in_one_image(example: str) -> None:
    matrix = (REPOSITORY / "matrix.yaml").read_text(encoding="utf-8")
    texts = {"matrix.yaml": matrix, "example.yaml": example}
    loaded = load(texts, read_templates(REPOSITORY).kinds, contexts=ANY_FILE)
    assert {item.image for item in loaded.variants.values() if item.files} == {"jupyter-scipy"}
