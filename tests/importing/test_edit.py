"""Entries are added to a text, which stays as it is everywhere else."""

from __future__ import annotations

import difflib
from importlib import resources

import pytest

from image_matrix.importing.edit import with_entries
from image_matrix.importing.package_lists import PackageImage, packages_of
from tools.reference import REPOSITORY

SCAFFOLD = resources.files("image_matrix") / "project/scaffold/matrix.yaml"
LAST = {
    "a comment beside the last value": "images:\n  a:\n    from: b # why\n\n# next\nsizes: {}\n",
    "a comment beside the last list": "images:\n  a:\n    pip: [b] # why\n\n\nsizes: {}\n",
    "a comment beside the last image": "images:\n  a: {from: b} # why\n# next\nsizes: {}\n",
    "indented comments": "images:\n  a:\n    pip:\n      - b\n    # - c\n  # d: {from: a}\n\n# next\nsizes: {}\n",
    "a list that is not indented": "images:\n  a:\n    pip:\n    - b\n    - c\n\nsizes: {}\n",
    "a mapping of one key in a list": 'images:\n  a:\n    exclude: [{python: "3.11"}]\n',
    "a long command": f"images:\n  a:\n    tests:\n      commands:\n        {'x' * 200} 'y': z\n# next\nsizes: {{}}\n",
    "the end of the file": "sizes: {}\nimages:\n  a:\n    from: b\n# the end\n",
}


def added(text: str) -> list[str]:
    """Return the lines that adding an image adds; every other line must be as it was."""
    image = PackageImage("a", {"pip": packages_of(["x==1"])})
    after = with_entries(text, {}, {"new": image})
    changes = [line for line in difflib.ndiff(text.splitlines(), after.splitlines()) if line[0] in "+-"]
    return [line.removeprefix("+ ") for line in changes]


@pytest.mark.parametrize("text", LAST.values(), ids=LAST)
def test_what_is_around_an_image_stays(text: str) -> None:
    assert added(text) == ["  new:", "    from: a", "    pip: [x==1]"]
    after = with_entries(text, {}, {"new": PackageImage("a", {})})
    assert after.index("new:") < after.index("# next") if "# next" in text else "new:" in after


@pytest.mark.parametrize("file", [REPOSITORY / "matrix.yaml", SCAFFOLD], ids=["this repository", "init"])
def test_a_real_matrix_stays(file: object) -> None:
    text = file.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert added(text) == ["  new:", "    from: a", "    pip: [x==1]"]


def test_line_ends_of_another_system_stay() -> None:
    text = "images:\r\n  a: {from: b} # why\r\n\r\nsizes: {}\r\n"
    after = with_entries(text, {}, {"new": PackageImage("a", {})})
    assert after == "images:\r\n  a: {from: b} # why\r\n  new:\r\n    from: a\r\n\r\nsizes: {}\r\n"
