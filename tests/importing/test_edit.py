"""Entries are added to a text, which stays as it is everywhere else."""

from __future__ import annotations

import difflib
from importlib import resources

import pytest
import yaml

from image_matrix.importing.edit import with_entries, with_site
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


SHARED = {
    "an alias": "a: {sites: &s [h1]}\n  b: {sites: *s}",
    "an alias of a block": "a:\n    sites: &s\n      - h1 # first\n  b: {sites: *s}",
    "a merge key": "a: &a {sites: [h1]}\n  b: {<<: *a, x: y}",
    "two merge keys": "c: &c {sites: [h1]}\n  a: {<<: *c}\n  b: {<<: *c}",
    "an anchor inside": "c: {sites: [&h h1]}\n  a: {sites: &s [*h]}\n  b: {sites: *s}",
}


@pytest.mark.parametrize("changed", ["a", "b"])
@pytest.mark.parametrize("profiles", SHARED.values(), ids=SHARED)
def test_sites_behind_an_alias_are_those_of_one_profile(profiles: str, changed: str) -> None:
    before = f"profiles:\n  {profiles}\nimages: {{}}\n"
    after = yaml.safe_load(with_site(before, [changed], "h2"))
    expected = yaml.safe_load(before)
    expected["profiles"][changed] = {**expected["profiles"][changed], "sites": ["h1", "h2"]}
    assert after == expected
