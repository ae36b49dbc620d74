"""A remedy that is obeyed literally mends its mistake: the values that helps give are written into the bad matrices."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from image_matrix.diagnostics import Diagnostic

BAD = Path(__file__).parent / "fixtures" / "bad"
FILE = "matrix.yaml"
VALUE = re.compile(r"write `(?:(?P<key>[\w-]+): )?(?P<value>[^`]+)`(?:, without quotes)?")
"""A help that is nothing but a value, or a field with it."""


def problems(folder: Path) -> list[Diagnostic]:
    try:
        return [*load_inputs(read_inputs(folder)).warnings]
    except MatrixError as error:
        return [*error.diagnostics]


def obeyed(lines: list[str], item: Diagnostic) -> list[str] | None:
    """The lines with the value of a help in the marked place; ``None`` where it is no value, or marks a name."""
    match = VALUE.fullmatch(item.help)
    if match is None or item.place.file != FILE or not item.place.line:
        return None
    line = lines[item.place.line - 1]
    before, after = line[: item.place.column - 1], line[item.place.column - 1 + item.place.width :]
    if re.match(r"\s*:", after) or after.strip().endswith((":", "|", ">")):
        return None
    if match["key"] and not before.rstrip().endswith(f"{match['key']}:"):
        return None
    return [*lines[: item.place.line - 1], before + match["value"] + after, *lines[item.place.line :]]


CASES = sorted(path.parent.name for path in BAD.glob(f"*/{FILE}") if not [*path.parent.glob("overlay*")])


@pytest.mark.parametrize("name", CASES)
def test_a_value_that_a_help_gives_is_right(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(BAD / name, folder, symlinks=True)
    before = problems(folder)
    lines = (folder / FILE).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    for item in before:
        changed = obeyed(lines, item)
        if changed is None:
            continue
        text = "\n".join(changed) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8", errors="surrogateescape")
        known = {(other.code, other.message) for other in before if other is not item}
        new = [
            (other.code, other.message)
            for other in problems(folder)
            if (other.place.line, other.place.column) == (item.place.line, item.place.column)
        ]
        assert known.issuperset(new), (item.help, new)
