"""docs/architecture.md is about the code as it is: its packages, their imports, and the walk of one variant."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

SOURCE = REPOSITORY / "generator/image_matrix"
PAGE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
MOST = 15
"""A walk of more functions is not one that a reader follows."""


def section(title: str) -> str:
    """Return the text below a heading."""
    text = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert text, title
    return text


def rows(title: str) -> list[str]:
    """Return what is in the first column of a section's table, where it is code."""
    return re.findall(r"^\| `([^`]+)` \|", section(title), flags=re.MULTILINE)


def steps() -> list[str]:
    """Return the functions of the walk."""
    return re.findall(r"^\d+\. `([^`]+)`:", section("From matrix.yaml to one Dockerfile"), flags=re.MULTILINE)


def dotted(path: Path) -> str:
    """Return a file's module, or a folder's package, below ``image_matrix``."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def file_of(module: str) -> Path:
    """Return the file of a module or package below ``image_matrix``."""
    path = SOURCE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Return what a file imports of ``image_matrix``, for types, too: ``config.model``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "image_matrix":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("image_matrix."):
            yield (node.module or "").removeprefix("image_matrix.")
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from (
                name.removeprefix("image_matrix.") for name in names if name.startswith("image_matrix.")
            )


def test_every_package_has_a_row_and_every_row_a_package() -> None:
    packages = [dotted(path.parent) for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE]
    assert len(packages) > 15
    assert sorted(rows("Packages")) == sorted(packages)


def test_the_modules_at_the_root_are_named() -> None:
    named = re.findall(
        r"`(\w+)`", section("Packages").partition("none of the packages: ")[2].partition(".")[0]
    )
    modules = {path.stem for path in SOURCE.glob("*.py")} - {"__init__", "__main__"}
    assert sorted(named) == sorted(modules)


def test_imports_go_down_the_table() -> None:
    """All but those that the page names; one that is gone must leave the page."""
    order = list(dict.fromkeys(name.partition(".")[0] for name in rows("Packages")))
    rank = {name: at for at, name in enumerate(order)}
    named = section("Packages").partition("import from above")[2]
    upward = {
        (dotted(path), target.partition(".")[0])
        for path in SOURCE.rglob("*.py")
        if path.name != "__main__.py"
        for target in imports(path)
        if rank.get(target.partition(".")[0], MOST**2) < rank.get(dotted(path).partition(".")[0], MOST**2)
    }
    assert upward == {(name, "validate") for name in re.findall(r"`(\w+\.\w+)`", named)}


@pytest.mark.parametrize("step", steps())
def test_a_function_of_the_walk_exists(step: str) -> None:
    module, _, function = step.rpartition(".")
    tree = ast.parse(file_of(module).read_text(encoding="utf-8"))
    assert function in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_the_walk_is_short_enough_to_follow() -> None:
    assert 10 <= len(steps()) <= MOST


def test_the_walk_is_what_render_calls(tmp_path: Path) -> None:
    """In this order: each function is called for the first time after the one above it."""
    smallest = REPOSITORY / "tests/fixtures/good/smallest/matrix.yaml"
    text = smallest.read_text(encoding="utf-8")
    (tmp_path / "matrix.yaml").write_text(f"{text}\nworkflow: none\n", encoding="utf-8")
    called: dict[str, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            module = str(frame.f_globals.get("__name__", ""))
            called[f"{module.removeprefix('image_matrix.')}.{frame.f_code.co_name}"] = None

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        code = run(["-q", "-C", str(tmp_path), "render"])
    finally:
        sys.setprofile(before)
    assert code == 0
    assert [name for name in called if name in steps()] == steps()


def test_places_that_the_page_names_are_there() -> None:
    text = section("Where to put")
    functions = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)\.([a-z_]+)`", text)
    paths = re.findall(r"`([a-z_./]+/[A-Za-z_.0-9]*)`", text)
    assert len(functions) > 5
    for module, function in functions:
        assert f"def {function}(" in file_of(module).read_text(encoding="utf-8"), (module, function)
    assert len(paths) > 10
    assert [path for path in paths if not ((SOURCE / path).exists() or (REPOSITORY / path).exists())] == []
